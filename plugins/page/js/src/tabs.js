// share: 'tabs', the page's side. What cannot be by the worker, for instance as
// the page's policy forbids it, is opened by the page itself.
const READY_TIME = 5000; // ms for the worker to start

// Where the library was loaded from, as a classic script.
const ownScript = globalThis.document?.currentScript?.src;

class Tabs {
  isBroken = false;
  #port;
  #openings = new Map();
  #calls = new Map();
  #last = 0;
  #stopWaiting;

  constructor(url) {
    try {
      const worker = new SharedWorker(url, { name: WORKER_NAME });
      worker.onerror = () => this.#fallBack();
      this.#port = worker.port;
      this.#port.onmessage = ({ data }) => this.#got(data);
      this.#port.postMessage({ hello: { linger: settings.linger,
        handshake: settings.handshake } });
      this.#stopWaiting = startTimer(READY_TIME, () => this.#fallBack());
      holdLock(`headgate ${globalThis.crypto.randomUUID?.() ??
        Math.random()}`).then((lock) => this.post({ lock }));
      globalThis.addEventListener('pagehide', () => this.#lost(true));
    } catch {
      this.isBroken = true;
    }
  }

  post(data) {
    this.#port.postMessage(data);
  }

  add(opening) {
    this.#openings.set(++this.#last, opening);
    return this.#last;
  }

  forget(id) {
    this.#openings.delete(id);
  }

  authenticate(id, authorization) {
    return new Promise((resolve) => {
      const call = ++this.#last;
      this.#calls.set(call, resolve);
      this.post({ id, call, auth: authorization });
    });
  }

  #got(data) {
    const opening = this.#openings.get(data.id);
    if ('ready' in data) {
      this.#stopWaiting();
      whenReleased(data.ready, () => this.#lost(false));
    } else if ('authed' in data) {
      this.#calls.get(data.call)?.(data.authed);
      this.#calls.delete(data.call);
    } else if (data.challenge)
      this.#ask(data);
    else
      opening?.got(data);
  }

  async #ask({ call, challenge }) {
    let answer = null;
    try {
      answer = authorizationOf(await settings.challenge?.(challenge));
    } catch (error) {
      tellError(error);
    }
    this.post({ call, answer });
  }

  // The worker has not started.
  #fallBack() {
    if (this.isBroken)
      return;
    this.isBroken = true;
    this.#stopWaiting();
    for (const opening of this.#openings.values())
      opening.fallBack();
    this.#openings.clear();
  }

  // The worker has gone, or the page is about to: a page that comes back from
  // where browsers keep such has lost its WebSockets.
  #lost(isPage) {
    if (isPage)
      this.post({ bye: true });
    const lost = [...this.#openings.values()];
    this.#openings.clear();
    if (tabs === this)
      tabs = undefined;
    for (const opening of lost)
      queueTask(() => opening.got({ closed: LOST }));
  }
}

let tabs;

// One WebSocket of the page that the worker has. Does what an Opening does.
class TabOpening {
  #tabs;
  #id;
  #request;
  #events;
  #own; // an Opening, when the worker could not be
  #sent = 0;
  #left = 0;

  constructor(owner, url, protocols, events) {
    this.#tabs = owner;
    this.#request = [url, protocols, events];
    this.#events = events;
    this.#id = owner.add(this);
    owner.post({ id: this.#id, open: url.href, protocols });
  }

  send(message) {
    if (this.#own) {
      this.#own.send(message);
      return;
    }
    this.#sent += sizeOf(message);
    this.#tabs.post({ id: this.#id, send: message });
  }

  close(...args) {
    if (this.#own)
      this.#own.close(...args);
    else
      this.#tabs.post({ id: this.#id, close: args });
  }

  buffered() {
    return this.#own?.buffered() ?? this.#sent - this.#left;
  }

  cancel() {
    this.#tabs.forget(this.#id);
    if (this.#own)
      this.#own.cancel();
    else
      this.#tabs.post({ id: this.#id, cancel: true });
  }

  authenticate(authorization) {
    return this.#own?.authenticate(authorization) ??
      this.#tabs.authenticate(this.#id, authorization);
  }

  got({ opened, extensions, message, closed, left }) {
    if (opened !== undefined)
      this.#events.opened(opened, extensions);
    else if (message !== undefined)
      this.#events.message(message);
    else if (left !== undefined)
      this.#left = left;
    else if (closed) {
      this.#tabs.forget(this.#id);
      this.#events.closed(closed);
    }
  }

  fallBack() {
    try {
      this.#own = new Opening(...this.#request);
    } catch {
      queueTask(() => this.#events.closed(LOST));
    }
  }
}

// By the worker, or by the page.
function openWebSocket(url, protocols, events) {
  const worker = settings.worker ?? ownScript;
  if (settings.share === 'tabs' && SharedWorker && worker) {
    tabs ??= new Tabs(worker);
    if (!tabs.isBroken)
      return new TabOpening(tabs, url, protocols, events);
  }
  return new Opening(url, protocols, events);
}
