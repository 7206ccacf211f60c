// The class of the WebSocket standard (websockets.spec.whatwg.org), in all that
// a page can see but isTrusted of its events.
const CONSTANTS = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 };
const { CONNECTING, OPEN, CLOSING, CLOSED } = CONSTANTS;

let openingOf; // the Opening of a WebSocket, for the library's own functions

const HeadgateWebSocket = class WebSocket extends EventTarget {
  #url;
  #state = CONNECTING;
  #protocol = '';
  #extensions = '';
  #binaryType = 'blob';
  #opening;
  #unsent = 0; // bytes that were, or are to be, never sent
  #handlers = new Map();

  static {
    openingOf = (socket) => socket.#opening;
  }

  constructor(url, protocols = []) {
    if (arguments.length === 0)
      throw new TypeError("Failed to construct 'WebSocket': 1 argument " +
        'required, but only 0 present.');
    super();
    const text = `${url}`;
    const list = toStrings(protocols);
    this.#url = toUrl(text);
    this.#opening = openWebSocket(new URL(this.#url.href),
      checkProtocols(list), {
        opened: (protocol, extensions) => this.#opened(protocol, extensions),
        message: (message) => this.#received(message),
        closed: (end) => this.#closed(end),
      });
  }

  get url() { return this.#url.href; }
  get readyState() { return this.#state; }
  get extensions() { return this.#extensions; }
  get protocol() { return this.#protocol; }
  get binaryType() { return this.#binaryType; }
  set binaryType(value) {
    const type = `${value}`;
    if (type === 'blob' || type === 'arraybuffer')
      this.#binaryType = type;
  }
  get bufferedAmount() {
    return this.#unsent + (this.#opening?.buffered() ?? 0);
  }

  get onopen() { return this.#handler('open'); }
  set onopen(value) { this.#setHandler('open', value); }
  get onerror() { return this.#handler('error'); }
  set onerror(value) { this.#setHandler('error', value); }
  get onclose() { return this.#handler('close'); }
  set onclose(value) { this.#setHandler('close', value); }
  get onmessage() { return this.#handler('message'); }
  set onmessage(value) { this.#setHandler('message', value); }

  send(data) {
    if (arguments.length === 0)
      throw new TypeError("Failed to execute 'send' on 'WebSocket': 1 " +
        'argument required, but only 0 present.');
    const state = this.#state; // and the right kind of "this"
    const message = toMessage(data);
    if (state === CONNECTING)
      throw new DOMException("Failed to execute 'send' on 'WebSocket': " +
        'Still in CONNECTING state.', 'InvalidStateError');
    if (this.#state === OPEN)
      this.#opening.send(message);
    else
      this.#unsent += sizeOf(message);
  }

  close(code = undefined, reason = undefined) {
    const state = this.#state;
    const number = code === undefined ? undefined : clampShort(code);
    const text = reason === undefined ? undefined : `${reason}`;
    checkCloseCode(number);
    checkReason(text);
    if (state === CLOSING || state === CLOSED)
      return;
    this.#state = CLOSING;
    if (state === CONNECTING) {
      this.#opening.cancel();
      queueTask(() => this.#closed(LOST));
    } else if (text !== undefined)
      this.#opening.close(number, text);
    else if (number !== undefined)
      this.#opening.close(number);
    else
      this.#opening.close();
  }

  // --- events

  #dispatch(event) {
    Reflect.apply(dispatchEvent, this, [event]);
  }

  #opened(protocol, extensions) {
    if (this.#state !== CONNECTING)
      return;
    this.#state = OPEN;
    this.#protocol = protocol;
    this.#extensions = extensions;
    this.#dispatch(new Event('open'));
  }

  #received(message) {
    if (this.#state !== OPEN)
      return;
    let data = message;
    if (typeof message !== 'string') {
      if (this.#binaryType === 'blob')
        data = new Blob([message]);
      else
        data = message.byteLength === message.buffer.byteLength ?
          message.buffer : message.slice().buffer;
    }
    this.#dispatch(new MessageEvent('message',
      { data, origin: this.#url.origin }));
  }

  #closed({ code, reason, wasClean, error }) {
    if (this.#state === CLOSED)
      return;
    this.#state = CLOSED;
    this.#unsent = this.bufferedAmount;
    this.#opening = undefined;
    if (error)
      this.#dispatch(new Event('error'));
    this.#dispatch(new CloseEvent('close', { code, reason, wasClean }));
  }

  // --- on... : keeps the place among the listeners where it was first set.

  #handler(type) {
    return this.#handlers.get(type)?.value ?? null;
  }

  #setHandler(type, value) {
    const is = (typeof value === 'object' && value !== null) ||
      typeof value === 'function';
    const handler = this.#handlers.get(type);
    if (handler && is)
      handler.value = value;
    else if (handler) {
      this.#handlers.delete(type);
      Reflect.apply(removeEventListener, this, [type, handler.listener]);
    } else if (is) {
      const added = { value, listener: (event) => {
        if (typeof added.value === 'function' &&
            Reflect.apply(added.value, this, [event]) === false)
          event.preventDefault();
      } };
      this.#handlers.set(type, added);
      Reflect.apply(addEventListener, this, [type, added.listener]);
    }
  }
};

// As Web IDL makes a class's members.
for (const [name, value] of Object.entries(CONSTANTS))
  for (const target of [HeadgateWebSocket, HeadgateWebSocket.prototype])
    Object.defineProperty(target, name, { value, enumerable: true });
for (const name of ['url', 'readyState', 'bufferedAmount', 'onopen', 'onerror',
  'onclose', 'extensions', 'protocol', 'onmessage', 'binaryType', 'send',
  'close'])
  Object.defineProperty(HeadgateWebSocket.prototype, name, {
    ...Object.getOwnPropertyDescriptor(HeadgateWebSocket.prototype, name),
    enumerable: true,
  });
Object.defineProperty(HeadgateWebSocket.prototype, Symbol.toStringTag,
  { value: 'WebSocket', configurable: true });
