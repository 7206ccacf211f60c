// Channels that have something to send do it by turns, a piece each, as long as
// there is credit for the connection.
const CONNECTION_WINDOW = 1 << 20;

class Turns {
  #active = new Set();
  #running = false;
  #stopped = false;
  #sent = 0;
  #limit = CONNECTION_WINDOW;

  room() {
    return this.#limit - this.#sent;
  }

  charge(bytes) {
    this.#sent += bytes;
  }

  credit(bytes) {
    this.#limit = Math.max(this.#limit, bytes);
    this.#run();
  }

  add(channel) {
    this.#active.add(channel);
    this.#run();
  }

  remove(channel) {
    this.#active.delete(channel);
  }

  stop() {
    this.#stopped = true;
  }

  #run() {
    if (this.#running)
      return;
    this.#running = true;
    while (!this.#stopped && this.#round());
    this.#running = false;
  }

  // One step of each. False: nothing more can be sent.
  #round() {
    let again = false;
    for (const channel of this.#active) {
      const result = channel.step();
      if (result === 'stop')
        return false;
      if (result === 'sent')
        again = true;
      else
        this.#active.delete(channel);
    }
    return again;
  }
}
