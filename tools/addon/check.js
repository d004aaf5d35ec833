'use strict';

/**
 * Type-checks the add-on: the script against Apps Script's published types, the sidebar's scripts against a browser's, the
 * tests' harness against Apps Script's again. `npm ci` first, or `make check-addon`.
 */

const { spawnSync } = require('child_process');
const fs = require('fs');
const path = require('path');

const SHEETS = path.join(__dirname, '..', '..', 'sheets');
const PAGE = path.join(__dirname, 'build', 'page');

/** A page's scripts at the lines where they stand in the .html, so that messages name the right line. */
function extractScripts() {
  fs.rmSync(PAGE, { recursive: true, force: true });
  fs.mkdirSync(PAGE, { recursive: true });
  for (const name of fs.readdirSync(SHEETS).filter((each) => each.endsWith('.html'))) {
    const text = fs.readFileSync(path.join(SHEETS, name), 'utf8');
    const found = /<script>([\s\S]*?)<\/script>/.exec(text);
    if (!found) continue;
    const above = text.slice(0, found.index).replace(/[^\n]/g, '');
    fs.writeFileSync(path.join(PAGE, `${name}.js`), above + found[1]);
  }
}

extractScripts();
const tsc = path.join(__dirname, 'node_modules', 'typescript', 'bin', 'tsc');
const failed = ['script', 'page', 'harness'].filter((name) => {
  const project = path.join(__dirname, `tsconfig.${name}.json`);
  return spawnSync(process.execPath, [tsc, '-p', project, '--pretty', 'false'], { stdio: 'inherit' }).status !== 0;
});
process.exitCode = failed.length ? 1 : 0;
