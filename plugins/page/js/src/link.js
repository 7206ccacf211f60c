// One native WebSocket, and the second handshake on it (protocol 3). Its owner
// hears
//   linkPlain(protocol, extensions)   the server does not know the handshake
//   linkOpen(protocol, extensions)    it is open, with what was agreed
//   linkAsks()                        the page is asked for credentials
//   linkRefused(response)             it is not, and is done
//   linkMessage(message)
//   linkClosed(end)                   { code, reason, wasClean, error }
const HANDSHAKE = 'x-kaazing-handshake';
const ANSWER_TIME = 60000; // ms that the server may take for an answer
const ROUNDS = 3;          // of a 401
const REASONS = { 1002: 'protocol error', 1007: 'not UTF-8' };
const LOST = { code: 1006, reason: '', wasClean: false, error: true };

const nothing = () => {};

class Link {
  url;
  isOffering;     // the handshake
  wasOpen = false; // the opening handshake has succeeded
  passed = 0; // bytes that went to the native socket
  #native;
  #request;
  #owner;
  #offered;
  #chain;
  #meter;
  #round = 0;
  #take = (data) => this.#answered(data); // what a message is, at present
  #stopWaiting = nothing;
  #heard = Date.now();
  #error = false;
  #done = false;

  // Throws what the native class throws.
  constructor(request, owner) {
    this.url = request.url;
    this.#request = request;
    this.#owner = owner;
    this.isOffering = settings.handshake && !request.isPlain &&
      !request.protocols.includes(HANDSHAKE);
    const native = new NativeWebSocket(request.url.href, this.isOffering ?
      [HANDSHAKE, ...request.protocols] : request.protocols);
    this.#native = native;
    native.binaryType = 'arraybuffer';
    native.onopen = () => this.#opened();
    native.onmessage = ({ data }) => {
      this.#heard = Date.now();
      this.#take(typeof data === 'string' ? data : new Uint8Array(data));
    };
    native.onerror = () => {
      this.#error = true;
    };
    native.onclose = ({ code, reason, wasClean }) =>
      this.#ended({ code, reason, wasClean, error: this.#error });
  }

  get mux() {
    return this.#chain?.mux;
  }

  // Not so as soon as either side has begun to close it.
  get isOpen() {
    return !this.#done && this.#native.readyState === 1;
  }

  send(message) {
    this.#chain.send(message);
    if (!this.mux) // which counts by itself
      this.#meter?.sent(sizeOf(message));
  }

  // As the page closes its own WebSocket.
  close(...args) {
    this.#native.close(...args);
  }

  // What of the owner's messages has not gone yet.
  buffered() {
    if (this.mux)
      return this.mux.buffered();
    return this.#meter ? this.#meter.buffered() : this.#native.bufferedAmount;
  }

  // What has gone of all that went to the native socket.
  left() {
    return this.passed - this.#native.bufferedAmount;
  }

  quiet() {
    return Date.now() - this.#heard;
  }

  // Nobody wants to hear of it any more.
  abandon() {
    if (this.#leave())
      this.#native.close();
  }

  // The other side broke a rule. A page may not send 1002 and such, so the wire
  // has the same from the codes for private use.
  fail(code, reason = REASONS[code] ?? '') {
    if (!this.#leave())
      return;
    if (this.#native.readyState === 1)
      this.#native.close(code < 3000 ? code + 3000 : code,
        reason.slice(0, REASON_MAX));
    else
      this.#native.close();
    queueTask(() => this.#tellEnd(LOST));
  }

  // False: it had ended before.
  #leave() {
    if (this.#done)
      return false;
    this.#done = true;
    this.#stopWaiting();
    Object.assign(this.#native, { onopen: nothing, onmessage: nothing,
      onerror: nothing, onclose: nothing });
    return true;
  }

  #ended(end) {
    if (this.#leave())
      this.#tellEnd(end);
  }

  #tellEnd(end) {
    this.#chain?.close(end);
    this.#owner.linkClosed(end, this);
  }

  #opened() {
    const { protocol, extensions } = this.#native;
    this.wasOpen = true;
    if (this.isOffering && protocol === HANDSHAKE) {
      this.#offered = offers(this.url);
      this.#ask();
      return;
    }
    this.#chain = new Chain((message) => this.#write(message),
      (message) => this.#owner.linkMessage(message));
    this.#take = (message) => this.#chain.recv(message);
    this.#owner.linkPlain(protocol, extensions, this);
  }

  #write(message) {
    this.passed += sizeOf(message);
    this.#native.send(message);
  }

  // --- the second handshake

  #ask() {
    this.#stopWaiting = startTimer(ANSWER_TIME, () =>
      this.fail(1002, 'no answer to the second handshake'));
    this.#write(fromLatin1(formatRequest(this.url.pathname + this.url.search, {
      ...this.#request, extensions: this.#offered,
    }) + '\r\n'));
  }

  #answered(data) {
    const response = data.length > 4 * HEAD_MAX ? undefined :
      parseResponse(typeof data === 'string' ? data : latin1(data));
    this.#stopWaiting();
    if (!response || response.status < 200 && response.status !== 101)
      this.fail(1002, 'malformed answer to the second handshake');
    else if (response.status === 101)
      this.#agree(response);
    else if (response.status === 401)
      this.#challenged(response);
    else
      this.#refused(response);
  }

  #refused(response) {
    if (this.#leave()) {
      this.#native.close(1000);
      this.#owner.linkRefused(response, this);
    }
  }

  #challenged(response) {
    this.#take = () => this.fail(1002, 'a message while credentials are asked');
    this.#owner.linkAsks(this);
    askCredentials(this.#request, response, ++this.#round).then((value) => {
      if (this.#done)
        return;
      if (value === null || this.#round > ROUNDS) {
        queueTask(() => this.#refused(response));
        return;
      }
      this.#request.authorization = value;
      this.#take = (data) => this.#answered(data);
      this.#ask();
    }).catch((error) => {
      tellError(error);
      queueTask(() => this.#refused(response));
    });
  }

  #agree(response) {
    const protocol = response.fields.get('Sec-WebSocket-Protocol') ?? '';
    const text = response.fields.get('Sec-WebSocket-Extensions') ?? '';
    const wrong = this.#buildChain(parseExtensions(text)) ??
      this.#protocolIsWrong(protocol);
    if (wrong) {
      this.fail(1002, wrong);
      return;
    }
    this.#take = (message) => this.#chain.recv(message);
    this.#chain.open();
    const outer = this.#native.extensions;
    this.#owner.linkOpen(protocol, text && outer ? `${text}, ${outer}` :
      text || outer, this);
  }

  // Who offers some must be answered one, as in an opening handshake.
  #protocolIsWrong(protocol) {
    const { protocols } = this.#request;
    if (protocol === '' && (protocols.length === 0 || this.mux?.isShared))
      return undefined;
    return protocols.includes(protocol) ? undefined :
      'a subprotocol that was not offered';
  }

  // What is wrong with the answer, or undefined.
  #buildChain(answered) {
    const chain = new Chain((message) => this.#write(message),
      (message) => this.#owner.linkMessage(message));
    if (!answered)
      return 'malformed extensions';
    for (const { name, params } of answered) {
      if (chain.has(name) || !this.#offered.some((offer) =>
        offer === name || offer.startsWith(`${name};`)))
        return 'an extension that was not offered';
      try {
        chain.add(EXTENSIONS.get(name), params, this);
      } catch {
        return `wrong parameters of ${name}`;
      }
    }
    this.#chain = chain;
    this.#meter = new Meter(this);
    return undefined;
  }
}
