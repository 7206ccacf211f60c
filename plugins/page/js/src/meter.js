// How much of what one of the users of a socket has sent is still in it. Only
// the user's own bytes count, not what extensions have put around them.
class Meter {
  #link;
  #waiting = []; // { end, size }: the user's size, and the socket's count
  #size = 0;

  constructor(link) {
    this.#link = link;
  }

  // A message of that size has just been sent.
  sent(size) {
    this.#forget(this.#link.left());
    this.#waiting.push({ end: this.#link.passed, size });
    this.#size += size;
  }

  buffered() {
    const left = this.#link.left();
    this.#forget(left);
    if (this.#waiting.length === 0)
      return 0;
    const [{ end, size }] = this.#waiting;
    return this.#size - size + Math.min(size, end - left);
  }

  #forget(left) {
    let count = 0;
    while (count < this.#waiting.length && this.#waiting[count].end <= left)
      this.#size -= this.#waiting[count++].size;
    this.#waiting.splice(0, count);
  }
}
