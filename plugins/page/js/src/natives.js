// What the library uses of its surroundings, taken once, at load: a page that
// replaces these later changes nothing here.
const {
  ArrayBuffer, Blob, DOMException, Date, Error, Event, EventTarget, JSON, Map,
  Math, MessageChannel, MessageEvent, Number, Object, Promise, Reflect, Set,
  SharedWorker, String, Symbol, TextDecoder, TextEncoder, TypeError, URL,
  Uint8Array, btoa, clearTimeout, setTimeout,
} = globalThis;

// The class that this one stands in for.
const NativeWebSocket = globalThis.WebSocket;

// By this the halves of plugins find the library, whatever it was loaded as.
const REGISTRY = Symbol.for('headgate');

// Not everywhere where there is a WebSocket there is its event (node 20).
const CloseEvent = globalThis.CloseEvent ?? class CloseEvent extends Event {
  #init;
  constructor(type, init = {}) {
    super(type, init);
    this.#init = init;
  }
  get code() { return this.#init.code ?? 0; }
  get reason() { return this.#init.reason ?? ''; }
  get wasClean() { return this.#init.wasClean ?? false; }
};

const getterOf = (prototype, name) =>
  Object.getOwnPropertyDescriptor(prototype, name).get;
const byteLengthOfBuffer = getterOf(ArrayBuffer.prototype, 'byteLength');
const sizeOfBlob = getterOf(Blob.prototype, 'size');
// As an exception of a page's own callback is told.
const tellError = globalThis.reportError ?? globalThis.console.error;
const { addEventListener, dispatchEvent, removeEventListener } =
  EventTarget.prototype;

// True also for those of another frame.
function isA(getter, value) {
  try {
    Reflect.apply(getter, value, []);
    return true;
  } catch {
    return false;
  }
}
