// To be imported before what imports from 'node:http': a module that does gets everything that there is of it, and so a
// WebSocket, for which Node loads a client for HTTP that nobody here uses. It takes 3 MB of each thread, and 2 of the process.

const http = process.getBuiltinModule('node:http');
for (const name of ['WebSocket', 'CloseEvent', 'MessageEvent']) Reflect.deleteProperty(http, name);
