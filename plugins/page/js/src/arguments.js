// What a page passes to the class, as Web IDL and the WebSocket standard say.
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REASON_MAX = 123;

const syntaxError = (text) => new DOMException(text, 'SyntaxError');

function baseUrl() {
  const { document, location } = globalThis;
  return document?.baseURI ?? location?.href;
}

function toUrl(value) {
  const text = `${value}`;
  let url;
  try {
    url = new URL(text, baseUrl());
  } catch {
    throw syntaxError(`The URL '${text}' is invalid.`);
  }
  if (url.protocol === 'http:')
    url.protocol = 'ws:';
  else if (url.protocol === 'https:')
    url.protocol = 'wss:';
  if (url.protocol !== 'ws:' && url.protocol !== 'wss:')
    throw syntaxError(`The URL's scheme must be either 'http', 'https', ` +
      `'ws', or 'wss'. '${url.protocol.slice(0, -1)}' is not allowed.`);
  if (url.href.includes('#'))
    throw syntaxError('The URL contains a fragment identifier. Fragment ' +
      'identifiers are not allowed in WebSocket URLs.');
  return url;
}

// A sequence, when it is an object that can be iterated; else one string.
function toStrings(value) {
  if (value === undefined)
    return [];
  if ((typeof value !== 'object' && typeof value !== 'function') ||
      value === null || (value[Symbol.iterator] ?? null) === null)
    return [`${value}`];
  const list = [];
  for (const one of value)
    list.push(`${one}`);
  return list;
}

function checkProtocols(list) {
  for (const one of list)
    if (!TOKEN.test(one))
      throw syntaxError(`The subprotocol '${one}' is invalid.`);
  if (new Set(list).size !== list.length)
    throw syntaxError('A subprotocol is duplicated.');
  return list;
}

// [Clamp] unsigned short: to the nearest, of two the even one.
function clampShort(value) {
  const number = Number(value);
  if (!(number > 0))
    return 0;
  if (number >= 65535)
    return 65535;
  const down = Math.floor(number);
  const rest = number - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 === 1) ? down + 1 : down;
}

function checkCloseCode(code) {
  if (code !== undefined && code !== 1000 && (code < 3000 || code > 4999))
    throw new DOMException(`The close code must be either 1000, or between ` +
      `3000 and 4999. ${code} is neither.`, 'InvalidAccessError');
}

function checkReason(reason) {
  if (reason !== undefined && utf8Length(reason) > REASON_MAX)
    throw syntaxError('The close reason must not be greater than ' +
      `${REASON_MAX} UTF-8 bytes.`);
}

// Bytes are copied: a page may change its buffer at once.
function toMessage(data) {
  if (isA(byteLengthOfBuffer, data))
    return new Uint8Array(data.slice(0));
  if (ArrayBuffer.isView(data)) {
    if (!isA(byteLengthOfBuffer, data.buffer))
      throw new TypeError('The provided ArrayBufferView value must not be ' +
        'shared.');
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      .slice();
  }
  return isA(sizeOfBlob, data) ? data : `${data}`;
}
