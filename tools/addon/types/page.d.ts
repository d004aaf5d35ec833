/** The bridge from the page to the script; each call names a global function of sidebar_calls.js. */

declare const google: { script: { run: any } };
