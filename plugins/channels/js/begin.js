// The browser half of channels: several WebSockets on one connection (protocol
// 4). It takes what it needs from the library, and of its surroundings once.
const headgate = globalThis[Symbol.for('headgate')];
const { tools } = headgate;
const {
  Blob, Error, Map, Math, Number, Object, Promise, Set, String, TypeError,
  Uint8Array, decodeURIComponent, encodeURIComponent,
} = globalThis;
