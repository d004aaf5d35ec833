/** What the harness uses of Node. The whole of @types/node declares a console that Apps Script's own contradicts. */

declare module 'crypto';
declare module 'fs';
declare module 'http';
declare module 'path';
declare module 'readline';
declare module 'vm';
declare module 'worker_threads';
declare var require: any;
declare var module: { exports: object };
declare var process: any;
declare var __dirname: string;
declare type Buffer = any;
declare var Buffer: any;
