// Heads of HTTP/1.1, as they stand in messages.
const HEAD_MAX = 16384;
const FIELDS_MAX = 64;
const STATUS_LINE = /^HTTP\/1\.1 ([1-5]\d\d)(?: [\t\x20-\x7e\x80-\xff]*)?$/;
const FIELD_LINE =
  /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+):[ \t]*([\t\x20-\x7e\x80-\xff]*)$/;
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

class Fields {
  #values = new Map();

  add(name, value) {
    const key = name.toLowerCase();
    this.#values.set(key, [...this.#values.get(key) ?? [], value]);
  }

  // All values as one list; undefined: there is none.
  get(name) {
    return this.#values.get(name.toLowerCase())?.join(', ');
  }

  all(name) {
    return this.#values.get(name.toLowerCase()) ?? [];
  }
}

// Lines of fields, without what ends a head. undefined: malformed.
function parseFields(lines) {
  const fields = new Fields();
  if (lines.length > FIELDS_MAX)
    return undefined;
  for (const line of lines) {
    const match = FIELD_LINE.exec(line);
    if (!match)
      return undefined;
    fields.add(match[1], match[2].trimEnd());
  }
  return fields;
}

// { status, fields } of a text of one character for each byte, which is the
// whole head, with an empty line or without. undefined: malformed.
function parseResponse(text) {
  const end = text.indexOf('\r\n\r\n');
  const head = end >= 0 ? text.slice(0, end) : text.replace(/\r\n$/, '');
  if (head.length > HEAD_MAX)
    return undefined;
  const [first, ...lines] = head.split('\r\n');
  const match = STATUS_LINE.exec(first);
  const fields = match && parseFields(lines);
  return fields ? { status: Number(match[1]), fields } : undefined;
}

// Of the inner handshake and of a channel's create, without the empty line.
function formatRequest(target, { protocols, extensions, authorization }) {
  let text = `GET ${target} HTTP/1.1\r\n`;
  if (authorization)
    text += `Authorization: ${authorization}\r\n`;
  if (protocols?.length > 0)
    text += `Sec-WebSocket-Protocol: ${protocols.join(', ')}\r\n`;
  if (extensions?.length > 0)
    text += `Sec-WebSocket-Extensions: ${extensions.join(', ')}\r\n`;
  return text;
}
