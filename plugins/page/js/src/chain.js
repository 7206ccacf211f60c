// The answered extensions of a connection. What is sent goes through them from
// the first to the last, what comes in from the last to the first.
class Chain {
  #slots = [];
  #wire; // takes what leaves the chain at the wire
  #top;  // takes what leaves it at the top

  constructor(wire, top) {
    this.#wire = wire;
    this.#top = top;
  }

  add(extension, params, link) {
    const at = this.#slots.length;
    const place = {
      url: link.url.href,
      // On from this extension's place, down or up.
      send: (message) => this.#down(at + 1, message),
      recv: (message) => this.#up(at - 1, message),
      fail: (code, reason) => link.fail(code, reason),
      // Whether another extension was answered too; known in open().
      has: (name) => this.has(name),
      // For one user of the socket: what of its bytes is still in there.
      meter: () => new Meter(link),
      // Milliseconds since anything came from the server.
      quiet: () => link.quiet(),
    };
    this.#slots.push({ name: extension.name,
      hooks: extension.accept(params, place) ?? {} });
  }

  get mux() {
    return this.#slots.find(({ hooks }) => hooks.mux)?.hooks.mux;
  }

  has(name) {
    return this.#slots.some((slot) => slot.name === name);
  }

  open() {
    for (const { hooks } of this.#slots)
      hooks.open?.();
  }

  close(end) {
    for (const { hooks } of this.#slots)
      hooks.close?.(end);
  }

  send(message) {
    this.#down(0, message);
  }

  recv(message) {
    this.#up(this.#slots.length - 1, message);
  }

  #down(from, message) {
    for (let i = from; i < this.#slots.length && message !== undefined; i++) {
      const { hooks } = this.#slots[i];
      if (hooks.send)
        message = hooks.send(message);
    }
    if (message !== undefined)
      this.#wire(message);
  }

  #up(from, message) {
    for (let i = from; i >= 0 && message !== undefined; i--) {
      const { hooks } = this.#slots[i];
      if (hooks.recv)
        message = hooks.recv(message);
    }
    if (message !== undefined)
      this.#top(message);
  }
}
