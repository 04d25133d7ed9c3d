// node:http and node:https, required and not imported. Whoever imports node:http reads every export of it, WebSocket among
// them, and so loads an HTTP client of its own that nobody here uses: 15 MB and 30 ms at the start, on Node 26. Types cost
// nothing, and may be imported.
import type * as Http from 'node:http';
import type * as Https from 'node:https';
import { createRequire } from 'node:module';

// Any file will do as the place to require from: both are Node's own. A bundle may have no `import.meta`.
const required = createRequire(process.execPath);

/** The module `node:http`. */
export const http: typeof Http = required('node:http');

/** The module `node:https`. */
export const https: typeof Https = required('node:https');
