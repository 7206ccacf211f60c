// One channel: what waits to be sent, what was received, and its end.
const LAST = 0x80;
const TEXT = 0x40;
const CHARGE = 16;       // of each message or piece, beside its bytes
const PIECE_MIN = 1024;  // not cut into less for lack of credit
const MESSAGE_MAX = 1 << 28;
const END_TIME = 30000;  // ms for the peer's last word after ours
const LOST = { code: 1006, reason: '', wasClean: false, error: true };

const nothing = () => {};

class Channel {
  id;
  parent;
  head;          // of its create
  events;        // whose channel it is; undefined: nobody is to be told
  isAsked = false;    // its create is on the wire
  isCreated = false;
  sentEnd = false;    // our last word has gone
  gotEnd = false;     // and the peer's has come
  limit;         // bytes that we may have sent
  answerAuth;    // resolves what is asked by "auth"
  #mux;
  #queue = [];   // { message, size, at } or { end }
  #queued = 0;
  #sent = 0;
  #closing = false;
  #plainClose = false;
  #received = 0;
  #granted;
  #messages = 0;
  #parts = [];
  #partsSize = 0;
  #flags;
  #meter;
  #stopWaiting = nothing;

  constructor(mux, id, events, parent) {
    this.#mux = mux;
    this.id = id;
    this.events = events;
    this.parent = parent;
    this.limit = mux.peerWindow;
    this.#granted = mux.window;
    this.#meter = mux.link.meter();
  }

  // --- by who uses it

  send(message) {
    const size = tools.sizeOf(message);
    const data = this.#mux.chunk && typeof message === 'string' ?
      tools.encode(message) : message;
    this.#queue.push({ data, size, at: 0, isText: typeof message === 'string' });
    this.#queued += size;
    this.#mux.turns.add(this);
  }

  buffered() {
    return this.#queued + this.#meter.buffered();
  }

  close(code, reason) {
    this.#plainClose = code === undefined && reason === undefined;
    this.#end(code ?? 1000, reason);
  }

  // It was not open yet.
  abandon() {
    this.events = undefined;
    this.#mux.giveUp(this);
  }

  authenticate(request) {
    return this.#mux.authenticate(this, request);
  }

  #end(code, reason) {
    if (this.#closing)
      return;
    this.#closing = true;
    this.#queue.push({ end: endLine('destroy', this.id, code, reason) });
    this.#mux.turns.add(this);
  }

  // --- sending. Each step sends one piece at most, and says 'sent', 'empty',
  // 'full' (no credit), or 'stop' (no credit of the connection).

  step() {
    const item = this.#queue[0];
    if (!item || this.sentEnd)
      return 'empty';
    if (item.end) {
      this.#queue.shift();
      this.lastWord(item.end);
      return 'empty';
    }
    return this.#mux.chunk ? this.#stepPiece(item) : this.#stepWhole(item);
  }

  #stepWhole(item) {
    const charge = item.size + CHARGE;
    if (charge > this.#mux.peerWindow) {
      this.fail(1009, 'longer than the window', { ...LOST, code: 1009 });
      return 'empty';
    }
    if (this.#sent + charge > this.limit)
      return 'full';
    if (this.#mux.turns.room() < charge)
      return 'stop';
    this.#mux.emit(this.id, item.data);
    this.#passed(item, item.size);
    return 'sent';
  }

  #stepPiece(item) {
    const left = (item.data.byteLength ?? item.data.size) - item.at;
    const want = Math.min(left, this.#mux.peerChunk);
    const least = Math.min(want, PIECE_MIN);
    const own = this.limit - this.#sent - CHARGE;
    const room = this.#mux.turns.room() - CHARGE;
    if (own < least)
      return 'full';
    if (room < least)
      return 'stop';
    const size = Math.min(want, own, room);
    const piece = item.at === 0 && size === left ? item.data :
      item.data.slice(item.at, item.at + size);
    this.#mux.emitPiece(this.id,
      (item.isText ? TEXT : 0) | (size === left ? LAST : 0), piece);
    this.#passed(item, size);
    return 'sent';
  }

  #passed(item, size) {
    item.at += size;
    this.#sent += size + CHARGE;
    this.#mux.turns.charge(size + CHARGE);
    this.#queued -= size;
    this.#meter.sent(size);
    if (!this.#mux.chunk || item.at === (item.data.byteLength ??
        item.data.size))
      this.#queue.shift();
  }

  // --- receiving

  // False: it is over its credit, and was ended for it.
  receive(charge) {
    this.#received += charge;
    if (this.sentEnd)
      this.#awaitEnd();
    if (this.#received > this.#granted) {
      this.fail(1008, 'credit-exceeded');
      return false;
    }
    const used = this.#received + this.#mux.window - this.#granted;
    this.#mux.owe(this, used >= this.#mux.window / 2);
    return true;
  }

  // All that came has been passed on.
  grant() {
    const granted = this.#received + this.#mux.window;
    if (this.gotEnd || this.sentEnd && !this.events || granted === this.#granted)
      return;
    this.#granted = granted;
    this.#mux.control(`credit ${hex(this.id)} bytes=${granted}\r\n`);
  }

  takeWhole(message) {
    this.#messages++;
    this.#deliver(message);
  }

  // False: the peer broke a rule.
  takePiece(flags, bytes) {
    if ((flags & ~(LAST | TEXT)) !== 0 ||
        (this.#parts.length > 0 && (flags & TEXT) !== (this.#flags & TEXT)))
      return false;
    if (this.#parts.length === 0 && (flags & LAST) !== 0) {
      this.#complete(flags, bytes);
      return true;
    }
    this.#flags = flags;
    this.#parts.push(bytes);
    this.#partsSize += bytes.length;
    if (this.#partsSize > MESSAGE_MAX)
      this.fail(1009, 'too long');
    else if ((flags & LAST) !== 0)
      this.#complete(flags, tools.concat(this.#parts, this.#partsSize));
    if ((flags & LAST) !== 0 || this.sentEnd)
      this.#forgetParts();
    return true;
  }

  #forgetParts() {
    this.#parts = [];
    this.#partsSize = 0;
  }

  #complete(flags, bytes) {
    const message = (flags & TEXT) !== 0 ? tools.decode(bytes) : bytes;
    this.#messages++;
    if (message === undefined)
      this.fail(1007, 'not-utf-8');
    else
      this.#deliver(message);
  }

  // What comes on a child is its parent's.
  #deliver(message) {
    let owner = this;
    while (owner.parent)
      owner = owner.parent;
    owner.events?.message(message);
  }

  // False: the peer and we have not counted the same.
  isAt(messages) {
    return messages === this.#messages && this.#parts.length === 0;
  }

  get isWithinMessage() {
    return this.#parts.length > 0;
  }

  // --- the end

  // Ours, as a line; what still waits is not sent any more.
  lastWord(line) {
    if (this.sentEnd)
      return;
    this.sentEnd = this.#closing = true;
    this.#queue = [];
    this.#stopWaiting();
    this.#mux.control(line);
    if (this.gotEnd)
      this.#mux.free(this);
    else
      this.#awaitEnd();
  }

  #awaitEnd() {
    this.#stopWaiting();
    this.#stopWaiting = tools.startTimer(END_TIME, () => this.#mux.lose(this));
  }

  fail(code, reason, end = LOST) {
    this.#mux.log(this, reason);
    if (this.id === ROOT) {
      this.#mux.link.fail(code, reason);
      return;
    }
    this.lastWord(endLine('abort', this.id, code, reason));
    this.#tell(end);
  }

  // The peer's: destroy or abort.
  ended(verb, code, reason) {
    this.gotEnd = true;
    this.#forgetParts();
    this.#stopWaiting();
    if (this.sentEnd)
      this.#mux.free(this);
    else if (verb === 'abort')
      this.lastWord(endLine('destroy', this.id, code));
    else
      this.#endBehindData(code);
    this.#tell({ code: this.#plainClose && code === 1000 && reason === '' ?
      1005 : code, reason, wasClean: true, error: false });
  }

  // Answers the peer's end, when there is credit for what still waits.
  #endBehindData(code) {
    this.#stopWaiting = tools.startTimer(END_TIME, () =>
      this.lastWord(endLine('abort', this.id, code)));
    this.#end(code);
  }

  refused(response) {
    this.gotEnd = true;
    this.lastWord(endLine('destroy', this.id, 1000));
    const { events } = this;
    this.events = undefined;
    return events?.refused(response);
  }

  // With the whole connection. What was not answered yet may be asked for anew,
  // as where a request meets the end of a connection that was kept.
  lost(end) {
    this.#stopWaiting();
    tools.queueTask(() => {
      const { events } = this;
      if (this.isCreated || !events?.unprocessed) {
        this.#tell(end);
        return;
      }
      this.events = undefined;
      events.unprocessed();
    });
  }

  #tell(end) {
    const { events } = this;
    this.events = undefined;
    this.answerAuth?.(0);
    events?.closed?.(end);
  }
}
