// Where the worker's thread begins (worker.ts).

import './lean.ts';
await import('./worker.ts');
