// share: 'tabs', the worker's side: a SharedWorker that this script runs in
// holds the connections, and each page has a port. Names of messages:
//   page:   hello, open, send, close, cancel, auth, answer, lock, bye
//   worker: ready, opened, message, closed, left, challenge, authed
const WORKER_NAME = 'headgate';
const LEFT_TIME = 50; // ms between two looks at what is still to be sent

// While the lock is held, its owner lives. Where there are no locks, nothing
// is told of an end that nobody announced.
function holdLock(name) {
  const { locks } = globalThis.navigator;
  return new Promise((resolve) => {
    locks?.request(name, () => new Promise(() => resolve(name)));
    if (!locks)
      resolve(undefined);
  });
}

function whenReleased(name, task) {
  if (name !== undefined)
    globalThis.navigator.locks?.request(name, task);
}

class TabPage {
  #port;
  #openings = new Map(); // by id: { opening, received }
  #questions = new Map(); // challenges that the page has not answered
  #lastQuestion = 0;
  #stopLooking;

  constructor(port, lock) {
    this.#port = port;
    port.onmessage = ({ data }) => this.#got(data);
    lock.then((name) => port.postMessage({ ready: name }));
  }

  #got(data) {
    const { id } = data;
    const one = this.#openings.get(id);
    if (data.open)
      this.#open(id, data);
    else if (data.hello)
      configure(data.hello);
    else if ('lock' in data)
      whenReleased(data.lock, () => this.#bye());
    else if (data.bye)
      this.#bye();
    else if ('answer' in data) {
      this.#questions.get(data.call)?.(data.answer);
      this.#questions.delete(data.call);
    } else if ('auth' in data)
      this.#authenticate(one, data);
    else if ('send' in data && one) {
      one.received += sizeOf(data.send);
      one.opening.send(data.send);
      this.#look();
    } else if (data.close)
      one?.opening.close(...data.close);
    else if (data.cancel) {
      this.#openings.delete(id);
      one?.opening.cancel();
    }
  }

  #open(id, { open, protocols }) {
    const tell = (what) => {
      if (this.#openings.has(id))
        this.#port.postMessage({ id, ...what });
    };
    const one = { received: 0, opening: undefined };
    this.#openings.set(id, one);
    try {
      one.opening = new Opening(new URL(open), protocols, {
        opened: (opened, extensions) => tell({ opened, extensions }),
        message: (message) => tell({ message }),
        closed: (closed) => {
          tell({ closed });
          this.#openings.delete(id);
        },
      }, (question) => this.#ask(id, question));
    } catch {
      tell({ closed: LOST });
      this.#openings.delete(id);
    }
  }

  #ask(id, question) {
    return new Promise((resolve) => {
      const call = ++this.#lastQuestion;
      this.#questions.set(call, resolve);
      this.#port.postMessage({ id, call, challenge: question });
    });
  }

  #authenticate(one, { call, auth }) {
    const asked = one ? one.opening.authenticate(auth) : Promise.reject();
    asked.then((authed) => this.#port.postMessage({ call, authed }),
      () => this.#port.postMessage({ call, authed: 0 }));
  }

  // Tells what of each one's bytes has gone, until all has.
  #look() {
    this.#stopLooking ??= startTimer(LEFT_TIME, () => {
      this.#stopLooking = undefined;
      for (const [id, one] of this.#openings) {
        const left = one.received - one.opening.buffered();
        if (left !== one.left)
          this.#port.postMessage({ id, left });
        one.left = left;
        if (left !== one.received)
          this.#look();
      }
    });
  }

  // The page has gone.
  #bye() {
    for (const { opening } of this.#openings.values())
      opening.leave();
    this.#openings.clear();
    for (const answer of this.#questions.values())
      answer(null);
    this.#stopLooking?.();
  }
}

if (globalThis.SharedWorkerGlobalScope &&
    globalThis instanceof globalThis.SharedWorkerGlobalScope &&
    globalThis.name === WORKER_NAME) {
  const lock = holdLock(`headgate ${globalThis.crypto.randomUUID?.() ??
    Date.now()}`);
  globalThis.addEventListener('connect', ({ ports }) =>
    new TabPage(ports[0], lock));
}
