// How one WebSocket comes to be open: by a connection of its own, or as a
// channel of one that is there; through challenges and redirects. From then on
// it passes on. Its events are
//   opened(protocol, extensions), message(message), closed(end)
const REDIRECTS = 5;
const RETRIES = 3;
const PLAIN_MAX = 1000; // paths that are remembered
const plainPaths = new Set(); // where offering the handshake made it fail
const knownOrigins = new Set(); // where a server has answered the handshake
const WAIT_TIME = 5000; // ms for which one waits to learn what another one gets

class Opening {
  #request; // { url, protocols, authorization, isPlain }
  #events;
  #pool;
  #carrier;
  #rounds = 0;
  #redirects = 0;
  #retries = 0;
  #waitUntil = Date.now() + WAIT_TIME;
  #isOpen = false;
  #done = false; // nothing is to be told any more

  // Throws what the native class throws.
  constructor(url, protocols, events, challenge = undefined) {
    this.#request = { url, protocols, authorization: undefined, challenge,
      isPlain: plainPaths.has(url.origin + url.pathname) };
    this.#events = events;
    this.#start();
  }

  send(message) {
    this.#carrier.send(message);
  }

  close(...args) {
    this.#carrier.close(...args);
  }

  buffered() {
    return this.#carrier?.buffered() ?? 0;
  }

  // New credentials for a WebSocket that is open. A promise of the status.
  authenticate(authorization) {
    const request = { ...this.#request, authorization };
    if (!(this.#carrier instanceof Link))
      return this.#carrier.authenticate(request);
    return this.#carrier.mux?.authenticateRoot(request) ??
      Promise.reject(new DOMException('The connection has no channels.',
        'NotSupportedError'));
  }

  // The page has gone.
  leave() {
    if (this.#isOpen) {
      this.#done = true;
      this.#carrier.close();
    } else
      this.cancel();
  }

  // The page has closed it before it was open.
  cancel() {
    this.#done = true;
    this.#pool?.leave(this);
    this.#carrier?.abandon();
    this.#learned('nothing');
  }

  // By the pool, when it has learned something, or not in time.
  resume() {
    this.#again();
  }

  #start() {
    const pool = settings.share ? poolOf(this.#request.url) : undefined;
    this.#pool = pool;
    this.#carrier = pool?.channel(this.#request, this.#channelEvents());
    if (this.#carrier)
      return;
    const left = this.#waitUntil - Date.now();
    if (pool?.isLearning && left > 0) {
      pool.wait(this, left);
      return;
    }
    this.#carrier = new Link(this.#request, this);
    pool?.learnBy(this.#carrier);
  }

  #again() {
    if (this.#done)
      return;
    try {
      this.#start();
    } catch {
      this.#fail();
    }
  }

  #learned(what) {
    if (this.#carrier instanceof Link)
      this.#pool?.learned(this.#carrier, what);
  }

  #opened(protocol, extensions) {
    if (this.#done)
      return;
    this.#isOpen = true;
    this.#events.opened(protocol, extensions);
  }

  #closed(end) {
    if (this.#done)
      return;
    this.#done = true;
    this.#events.closed(this.#isOpen ? end : LOST);
  }

  #fail() {
    queueTask(() => this.#closed(LOST));
  }

  // --- a connection of its own

  linkPlain(protocol, extensions) {
    if (this.#request.isPlain && plainPaths.size < PLAIN_MAX)
      plainPaths.add(this.#request.url.origin + this.#request.url.pathname);
    this.#learned('plain');
    this.#opened(protocol, extensions);
  }

  linkOpen(protocol, extensions, link) {
    knownOrigins.add(this.#request.url.origin);
    if (!this.#pool || !link.mux?.isShared) {
      this.#learned('plain');
      this.#opened(protocol, extensions);
      return;
    }
    this.#learned('shared');
    this.#again();
  }

  linkAsks(link) {
    this.#pool?.asks(link);
  }

  linkRefused(response, link) {
    this.#pool?.learned(link, 'nothing');
    this.#refused(response);
  }

  linkMessage(message) {
    if (!this.#done)
      this.#events.message(message);
  }

  // Of a shared one, the channels hear by themselves.
  linkClosed(end, link) {
    this.#pool?.learned(link, 'nothing');
    this.#pool?.gone(link);
    if (link !== this.#carrier || this.#done)
      return;
    if (this.#mayBePlain(link))
      queueTask(() => this.#again());
    else
      this.#closed(end);
  }

  // A browser fails a WebSocket whose server answers none of the subprotocols
  // that were offered; and where the page has not offered any, all of them were
  // the library's. So there is a second attempt, as the page would have made it.
  #mayBePlain(link) {
    if (link.wasOpen || !link.isOffering ||
        knownOrigins.has(this.#request.url.origin))
      return false;
    this.#request.isPlain = true;
    return true;
  }

  // --- a channel

  #channelEvents() {
    return {
      opened: (protocol, extensions) => this.#opened(protocol, extensions),
      refused: (response) => this.#refused(response),
      unprocessed: () => this.#unprocessed(),
      message: (message) => this.linkMessage(message),
      closed: (end) => this.#closed(end),
    };
  }

  // The connection ended, or is about to.
  #unprocessed() {
    if (++this.#retries > RETRIES)
      this.#fail();
    else
      this.#again();
  }

  // --- not at the first attempt

  #refused(response) {
    if (this.#done)
      return;
    if (response.status === 401 && !(this.#carrier instanceof Link))
      this.#challenged(response);
    else if (response.status < 300 || response.status > 399 ||
        !this.#redirect(response.fields.get('Location')))
      this.#fail();
  }

  #challenged(response) {
    askCredentials(this.#request, response, ++this.#rounds).then((value) => {
      if (value === null || this.#rounds > ROUNDS) {
        this.#fail();
        return;
      }
      this.#request.authorization = value;
      queueTask(() => this.#again());
    }).catch((error) => {
      tellError(error);
      this.#fail();
    });
  }

  // False: not there. Credentials stay with the origin that asked for them.
  #redirect(location) {
    const from = this.#request.url;
    if (location === undefined || ++this.#redirects > REDIRECTS)
      return false;
    let url;
    try {
      url = toUrl(new URL(location, from).href.replace(/#.*/, ''));
    } catch {
      return false;
    }
    if (from.protocol === 'wss:' && url.protocol !== 'wss:')
      return false;
    if (url.origin !== from.origin)
      this.#request.authorization = undefined;
    this.#request.url = url;
    queueTask(() => this.#again());
    return true;
  }
}
