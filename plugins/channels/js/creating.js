// The creates of one side: how many the acceptor lets go unanswered.
const UNANSWERED_MAX = 256;
const UNANSWERED_FIRST = 8; // before the first is accepted,
const UNANSWERED_BYTES = 32768; // and so many bytes of heads

class Creating {
  #waiting = [];
  #unanswered = new Map(); // channels, with the sizes of their heads
  #bytes = 0;
  #accepted = false;
  #ask; // sends the create of a channel

  constructor(ask) {
    this.#ask = ask;
  }

  add(channel) {
    this.#waiting.push(channel);
    this.next();
  }

  // It is not to be created any more; only before it is asked for.
  remove(channel) {
    this.#waiting = this.#waiting.filter((one) => one !== channel);
  }

  // False: it was not asked.
  answered(channel, isYes) {
    if (!this.#unanswered.has(channel))
      return false;
    this.#bytes -= this.#unanswered.get(channel);
    this.#unanswered.delete(channel);
    this.#accepted ||= isYes;
    return true;
  }

  #mayAsk({ head }) {
    if (this.#accepted)
      return this.#unanswered.size < UNANSWERED_MAX;
    return this.#unanswered.size === 0 ||
      (this.#unanswered.size < UNANSWERED_FIRST &&
       this.#bytes + head.length < UNANSWERED_BYTES - 1024);
  }

  next() {
    while (this.#waiting.length > 0 && this.#mayAsk(this.#waiting[0])) {
      const channel = this.#waiting.shift();
      this.#unanswered.set(channel, channel.head.length);
      this.#bytes += channel.head.length;
      this.#ask(channel);
    }
  }
}
