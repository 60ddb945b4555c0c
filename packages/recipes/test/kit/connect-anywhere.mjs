// Loaded into every script of a terminal before its own code: what asks port 3000 asks the server that the terminal stands below.
const { fetch } = globalThis;
const { SERVER_HOST } = process.env;

globalThis.fetch = (url, init) => fetch(String(url).replace('localhost:3000', SERVER_HOST), init);
