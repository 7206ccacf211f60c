// The connections to one origin that carry channels for several WebSockets.
const pools = new Map();

class Pool {
  #links = new Set();
  #pending;             // the link of which it is not known yet what it can
  #isAsking = false;    // the page, for credentials: that takes its time
  #isPlain = false;     // here everybody has a connection of its own
  #waiting = new Map(); // openings, with what stops their clocks
  #stopLinger = new Map();

  // A channel on one of the links, or undefined.
  channel(request, events) {
    for (const link of this.#links) {
      const channel = link.isOpen ? link.mux.create(request, events) :
        undefined;
      if (channel)
        return channel;
    }
    return undefined;
  }

  // Whether it is worth while to wait for what another opening learns.
  get isLearning() {
    return this.#pending !== undefined && !this.#isPlain;
  }

  wait(opening, ms) {
    this.#waiting.set(opening, this.#isAsking ? nothing : startTimer(ms, () => {
      this.#waiting.delete(opening);
      opening.resume();
    }));
  }

  // A user is asked once, not for each that waits.
  asks(link) {
    if (this.#pending !== link)
      return;
    this.#isAsking = true;
    for (const [opening, stop] of this.#waiting) {
      stop();
      this.#waiting.set(opening, nothing);
    }
  }

  leave(opening) {
    this.#waiting.get(opening)?.();
    this.#waiting.delete(opening);
  }

  learnBy(link) {
    this.#pending ??= link;
  }

  // What the link can is known now: 'shared', it carries channels for all;
  // 'plain', it does not; 'nothing', as it was not opened.
  learned(link, what) {
    if (what === 'shared')
      this.#add(link);
    if (what !== 'nothing')
      this.#isPlain = what === 'plain';
    if (this.#pending !== link)
      return;
    this.#pending = undefined;
    this.#isAsking = false;
    const waiting = [...this.#waiting.keys()];
    for (const opening of waiting)
      this.leave(opening);
    // One after another, each in a task of its own, as without sharing.
    for (const opening of waiting)
      queueTask(() => opening.resume());
  }

  gone(link) {
    this.#stopLinger.get(link)?.();
    this.#stopLinger.delete(link);
    this.#links.delete(link);
  }

  #add(link) {
    this.#links.add(link);
    link.mux.emptied = () => {
      this.#stopLinger.get(link)?.();
      this.#stopLinger.set(link, startTimer(link.mux.isRetired ? 0 :
        settings.linger, () => {
        if (link.mux.isEmpty && link.isOpen) {
          this.gone(link);
          link.close(1000);
        }
      }));
    };
  }
}

function poolOf({ origin }) {
  let pool = pools.get(origin);
  if (!pool)
    pools.set(origin, pool = new Pool());
  return pool;
}
