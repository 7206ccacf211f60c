const encoder = new TextEncoder();

const encode = (text) => encoder.encode(text);

// The text, or undefined: it is not UTF-8. A BOM is a character like others.
function decode(bytes) {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
      .decode(bytes);
  } catch {
    return undefined;
  }
}

// Of what the text becomes in UTF-8; a lone surrogate becomes U+FFFD.
function utf8Length(text) {
  let length = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80)
      continue;
    length++;
    if (unit < 0x800)
      continue;
    length++;
    if ((unit & 0xfc00) === 0xd800 && i + 1 < text.length &&
        (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00)
      i++; // two units, four bytes
  }
  return length;
}

// One character for each byte.
function latin1(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 8192)
    text += String.fromCharCode(...bytes.subarray(i, i + 8192));
  return text;
}

function fromLatin1(text) {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++)
    bytes[i] = text.charCodeAt(i);
  return bytes;
}

function concat(parts, length) {
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

// Of a message: text is a string, binary a Uint8Array or a Blob.
function sizeOf(message) {
  if (typeof message === 'string')
    return utf8Length(message);
  return message.byteLength ?? message.size;
}
