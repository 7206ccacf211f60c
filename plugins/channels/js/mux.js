// All channels of one connection, as its initiator.
const IDLE_TIME = 500;      // ms until credit is given that nobody hurries for
const LOST_MAX = 2048;      // ids whose end was never answered

function endLine(verb, id, code, reason) {
  const text = reason ? ` reason=${encodeValue(reason)}` : '';
  return `${verb} ${hex(id)} code=${code}${text}\r\n`;
}

class Mux {
  link;
  window;
  peerWindow;
  chunk;     // chunk mode, and the longest piece that the peer takes:
  peerChunk;
  turns = new Turns();
  isShared;  // nothing is behind 0x0000
  isRetired = false; // no new channels
  emptied = nothing; // called when the last channel has ended
  #ids;
  #maxMine;
  #maxTheirs;
  #channels = new Map();
  #alive = new Set(); // all ids that have been in use
  #mine = 0;
  #theirs = 0;
  #lost = 0;
  #root;
  #received = 0;
  #granted = CONNECTION_WINDOW;
  #owed = new Set();
  #stopIdle;
  #creating = new Creating((channel) => this.#ask(channel));
  #ended = false;

  constructor(link, own, peer) {
    Object.assign(this, { link, ...own, ...peer });
    this.#maxMine = peer.maxMine;
    this.#maxTheirs = own.maxTheirs;
    this.#ids = new Ids(!this.chunk);
    this.#root = new Channel(this, ROOT, this.isShared ? undefined :
      { message: (message) => link.recv(message) });
    this.#root.isCreated = true;
    this.#channels.set(ROOT, this.#root);
  }

  // --- by who opens WebSockets

  // A channel, or undefined: there is no room for one.
  create(request, events) {
    const head = tools.formatRequest(request.url.pathname + request.url.search,
      request);
    if (this.isRetired || this.#ended || this.#mine >= this.#maxMine ||
        head.length > CONTROL_MAX - 100)
      return undefined;
    const id = this.#ids.take((one) => this.#channels.has(one));
    if (id === undefined)
      return undefined;
    const channel = new Channel(this, id, events);
    channel.protocols = request.protocols;
    channel.head = head;
    this.#channels.set(id, channel);
    this.#mine++;
    this.#creating.add(channel);
    return channel;
  }

  get isEmpty() {
    return this.#mine === 0 && this.#theirs === 0;
  }

  // Of 0x0000.
  buffered() {
    return this.#root.buffered();
  }

  // For 0x0000.
  authenticateRoot(request) {
    return this.authenticate(this.#root, request);
  }

  authenticate(channel, request) {
    if (!channel.isCreated || channel.answerAuth || this.#ended)
      return Promise.reject(new Error('not open, or one is not answered yet'));
    return new Promise((resolve) => {
      channel.answerAuth = resolve;
      const { pathname, search } = request.url;
      this.control(`auth ${hex(channel.id)}\r\n` + tools.formatRequest(
        pathname + search, { authorization: request.authorization }));
    });
  }

  #ask(channel) {
    this.#alive.add(channel.id);
    channel.isAsked = true;
    this.control(`create ${hex(channel.id)}\r\n${channel.head}`);
  }

  // Of a channel that is not created yet.
  giveUp(channel) {
    if (channel.isAsked)
      channel.lastWord(endLine('abort', channel.id, 1000));
    else {
      this.#creating.remove(channel);
      this.free(channel);
    }
  }

  // --- the wire

  control(text) {
    if (this.#ended)
      return;
    const label = this.chunk ? '\xff\xff\x80' : '\xff\xff';
    this.link.send(tools.fromLatin1(`${label}${text}\r\n`));
  }

  // In base mode.
  emit(id, data) {
    if (typeof data === 'string')
      this.link.send(String.fromCharCode(id >> 8, id & 0xff) + data);
    else
      this.#sendBehind([id >> 8, id & 0xff], data);
  }

  emitPiece(id, flags, data) {
    this.#sendBehind([id >> 8, id & 0xff, flags], data);
  }

  #sendBehind(label, data) {
    this.link.send(data instanceof Uint8Array ?
      tools.concat([label, data], label.length + data.length) :
      new Blob([new Uint8Array(label), data]));
  }

  // --- credit

  owe(channel, hurry) {
    this.#owed.add(channel);
    if (hurry) {
      this.#owed.delete(channel);
      channel.grant();
    } else
      this.#stopIdle ??= tools.startTimer(IDLE_TIME, () => {
        this.#stopIdle = undefined;
        for (const one of this.#owed)
          one.grant();
        this.#owed.clear();
      });
  }

  // False: over the connection's credit.
  #receive(charge) {
    this.#received += charge;
    if (this.#received > this.#granted) {
      this.#wrong('connection-credit-exceeded', undefined, 1008);
      return false;
    }
    if (this.#received + CONNECTION_WINDOW - this.#granted >=
        CONNECTION_WINDOW / 2) {
      this.#granted = this.#received + CONNECTION_WINDOW;
      this.control(`credit ${hex(CONTROL)} bytes=${this.#granted}\r\n`);
    }
    return true;
  }

  // --- what comes

  recv(message) {
    if (this.#ended)
      return;
    const isText = typeof message === 'string';
    const at = this.chunk ? 3 : 2;
    if (message.length < at || (this.chunk && isText)) {
      this.#wrong('label');
      return;
    }
    const [high, low] = isText ?
      [message.charCodeAt(0), message.charCodeAt(1)] : message;
    const id = high << 8 | low;
    const data = isText ? message.slice(at) : message.subarray(at);
    if (isText && (high > 0x7f || low > 0x7f))
      this.#wrong('text-id');
    else if (id === CONTROL)
      this.#control(this.chunk ? message[2] : LAST, data);
    else
      this.#data(id, this.chunk ? message[2] : undefined, data);
  }

  #data(id, flags, data) {
    const charge = tools.sizeOf(data) + CHARGE;
    const channel = this.#channels.get(id);
    if (!this.#receive(charge))
      return;
    if (!channel?.isAsked && !this.#alive.has(id) && id !== ROOT)
      this.#wrong('data-on-unknown');
    else if (id === ROOT && this.isShared)
      this.#wrong('data-on-nothing', undefined, 1008);
    else if (channel?.gotEnd)
      this.#wrong('data-after-end', channel);
    else if (channel && flags !== undefined && data.length > this.ownChunk)
      this.#wrong('piece-too-long', channel);
    else if (channel && !channel.isRefused && channel.receive(charge)) {
      if (flags === undefined)
        channel.takeWhole(data);
      else if (!channel.takePiece(flags, data))
        this.#wrong('flags', channel);
    }
  }

  #control(flags, data) {
    const message = flags === LAST && data.length <= CONTROL_MAX ?
      parseControl(tools.latin1(data)) : undefined;
    if (message === undefined)
      this.#wrong('control-syntax');
    else if (message !== null)
      this.#got(message);
  }

  #got(message) {
    const { verb, id, params } = message;
    const channel = this.#channels.get(id);
    if (verb === 'error')
      this.log(undefined, textOf(params.reason));
    else if (verb === 'drain')
      this.retire();
    else if (verb === 'credit')
      this.#credit(id, channel, params.bytes);
    else if (verb === 'create')
      this.#createdByPeer(id, channel, params.parent);
    else if (verb === 'authed')
      this.#authed(channel, message.head);
    else if (id === CONTROL || id === ROOT)
      this.#wrong('reserved-id');
    else if (!channel || !this.#alive.has(id))
      this.#gotForNone(verb, id);
    else if (verb === 'destroy' || verb === 'abort')
      this.#gotEnd(channel, verb, params);
    else if (verb === 'migrate')
      this.#migrate(id, channel, params);
    else
      this.#answered(channel, verb, message.head);
  }

  #gotForNone(verb, id) {
    if ((verb !== 'destroy' && verb !== 'abort') || !this.#alive.has(id))
      this.#wrong('unknown-id');
  }

  #credit(id, channel, bytes) {
    if (id === CONTROL) {
      this.turns.credit(bytes);
    } else if (channel) {
      channel.limit = Math.max(channel.limit, bytes);
      this.turns.add(channel);
    } else if (!this.#alive.has(id))
      this.#wrong('credit-for-unknown');
  }

  // Of a create, and so of one of ours.
  #answered(channel, verb, head) {
    const response = tools.parseResponse(head ||
      `HTTP/1.1 ${verb === 'created' ? 101 : 503} -\r\n`);
    if (!this.#creating.answered(channel, verb === 'created') || !response ||
        (verb === 'created') !== (response.status === 101)) {
      this.#wrong('answer-without-question', channel);
      return;
    }
    if (verb === 'refused' && this.isRetired && response.status === 503) {
      const { events } = channel;
      channel.events = undefined;
      channel.refused(response);
      events?.unprocessed();
    } else if (verb === 'refused')
      channel.refused(response);
    else
      this.#created(channel, response);
    this.#creating.next();
  }

  #created(channel, { fields }) {
    const protocol = fields.get('Sec-WebSocket-Protocol') ?? '';
    const extensions = fields.get('Sec-WebSocket-Extensions') ?? '';
    channel.isCreated = true;
    if (extensions !== '' || (protocol === '' ? channel.protocols.length > 0 :
      !channel.protocols.includes(protocol)))
      channel.fail(1002, 'answer-not-offered');
    else
      channel.events?.opened(protocol, '');
  }

  #authed(channel, head) {
    const response = tools.parseResponse(head);
    const answer = channel?.answerAuth;
    if (!answer || ![200, 401, 403].includes(response?.status)) {
      this.#wrong('authed-unasked', channel);
      return;
    }
    channel.answerAuth = undefined;
    answer(response.status);
  }

  // A child: a subscription of one of ours.
  #createdByPeer(id, channel, parentId) {
    const parent = this.#channels.get(parentId);
    if ((id & 1) !== 0 || id === ROOT || channel) {
      this.#wrong('create-of-wrong-id');
      return;
    }
    if (!this.#alive.has(parentId) && parentId !== ROOT || parent?.gotEnd) {
      this.#wrong('create-of-wrong-parent');
      return;
    }
    const child = new Channel(this, id, undefined, parent);
    child.isAsked = true;
    this.#alive.add(id);
    this.#channels.set(id, child);
    this.#theirs++;
    child.isRefused = !parent || this.#theirs > this.#maxTheirs;
    if (child.isRefused)
      child.lastWord(`refused ${hex(id)}\r\n`);
    else
      this.control(`created ${hex(id)}\r\n`);
  }

  #gotEnd(channel, verb, { code, reason }) {
    const isOpenChild = (one) => one.parent === channel && !one.gotEnd;
    if (code < 1000 || code > 4999 || [1004, 1005, 1006].includes(code) ||
        (code > 1014 && code < 3000))
      this.#wrong('bad-code', channel);
    else if (verb === 'destroy' && channel.isWithinMessage)
      this.#wrong('destroy-within-message', channel);
    else if ([...this.#channels.values()].some(isOpenChild))
      this.#wrong('children-still-open', channel);
    else if (!channel.gotEnd) {
      this.#creating.answered(channel, false);
      channel.ended(verb, code, textOf(reason));
      this.#creating.next();
    }
  }

  #migrate(id, channel, { to, at }) {
    if ((id & 1) !== 0 || (to & 1) !== 0 || to === ROOT ||
        this.#channels.has(to) || channel.gotEnd || !channel.isAt(at)) {
      this.#wrong('migrate', channel);
      return;
    }
    this.#channels.delete(id);
    this.#channels.set(to, channel);
    this.#alive.add(to);
    channel.id = to;
    this.control(`migrated ${hex(id)} to=${hex(to)} at=0\r\n`);
  }

  // --- ends

  free(channel) {
    if (this.#channels.delete(channel.id) && !channel.isLost)
      this.#forget(channel);
  }

  // The peer never answered its end: the id is not used again.
  lose(channel) {
    channel.isLost = true;
    channel.lost(LOST);
    this.#forget(channel);
    if (++this.#lost >= LOST_MAX)
      this.retire();
  }

  #forget(channel) {
    this.turns.remove(channel);
    this.#owed.delete(channel);
    if ((channel.id & 1) !== 0)
      this.#mine--;
    else
      this.#theirs--;
    if (this.isEmpty)
      this.emptied();
  }

  retire() {
    this.isRetired = true;
    if (this.isEmpty)
      this.emptied();
  }

  close(end) {
    this.#ended = true;
    this.turns.stop();
    this.#stopIdle?.();
    for (const channel of this.#channels.values())
      if (channel !== this.#root)
        channel.lost(end);
  }

  sendRoot(message) {
    this.#root.send(message);
  }

  log(channel, reason) {
    this.lastError = `${channel ? hex(channel.id) : 'connection'}: ${reason}`;
  }

  #wrong(token, channel, code = 1002) {
    const id = channel ? ` id=${hex(channel.id)}` : '';
    this.control(`error reason=${token}${id}\r\n`);
    this.link.fail(code, token);
  }
}
