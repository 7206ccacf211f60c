// Sec-WebSocket-Extensions (RFC 6455, 9.1).
const EXTENSIONS_MAX = 16;
const PARAMS_MAX = 16;
const PIECE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)(?:[ \t]*=[ \t]*(?:([!#$%&'*+\-.^_`|~0-9A-Za-z]+)|"((?:[^"\\]|\\.)*)"))?[ \t]*([;,]|$)[ \t]*/;

// A list of { name, params }, or undefined: it is malformed. A parameter without
// a value is ''.
function parseExtensions(text) {
  const list = [];
  let rest = text.trim();
  let current;
  while (rest !== '') {
    const match = PIECE.exec(rest);
    if (!match)
      return undefined;
    const [all, name, token, quoted, end] = match;
    const value = token ?? quoted?.replace(/\\(.)/g, '$1') ?? '';
    if (!current) {
      if (value !== '' || list.length === EXTENSIONS_MAX)
        return undefined;
      current = { name, params: Object.create(null) };
      list.push(current);
    } else {
      if (name in current.params ||
          Object.keys(current.params).length === PARAMS_MAX)
        return undefined;
      current.params[name] = value;
    }
    rest = rest.slice(all.length);
    if (end === ',')
      current = undefined;
    if (end !== '' && rest === '')
      return undefined;
  }
  return list;
}

// A parameter that is true, or '', has no value; one that is null is left out.
function formatExtension(name, params) {
  let text = name;
  for (const [key, value] of Object.entries(params)) {
    if (value === null || value === undefined)
      continue;
    if (!TOKEN.test(key))
      throw new TypeError(`not a parameter's name: ${key}`);
    text += `; ${key}`;
    if (value === true || value === '')
      continue;
    text += TOKEN.test(`${value}`) ? `=${value}` :
      `="${`${value}`.replace(/[^\t\x20-\x7e]/g, '').replace(/["\\]/g,
        '\\$&')}"`;
  }
  return text;
}
