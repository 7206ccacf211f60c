// Control messages (protocol 4.4), of one character for each byte.
const CONTROL_MAX = 12288;
const LINE = /^([a-z]+\??)((?: 0x[0-9a-f]{4})*)((?: [a-z-]+=(?:[A-Za-z0-9\-._~,]|%[0-9A-Fa-f]{2})+)*)$/;
const IDS = ['to', 'with', 'parent', 'carrier', 'odd', 'even', 'id'];
const NUMBERS = ['code', 'bytes', 'at', 'seq'];
// What each verb that may come here has: whether an id and a head, and which
// parameters must be there. Those that an acceptor does not send are not here.
const VERBS = {
  'create': { id: true, head: 'maybe', needs: ['parent'] },
  'created': { id: true, head: 'maybe', needs: [] },
  'refused': { id: true, head: 'maybe', needs: [] },
  'destroy': { id: true, needs: ['code'] },
  'abort': { id: true, needs: ['code'] },
  'credit': { id: true, needs: ['bytes'] },
  'migrate': { id: true, needs: ['to', 'at'] },
  'authed': { id: true, head: 'must', needs: [] },
  'drain': { needs: ['odd', 'even'] },
  'error': { needs: ['reason'] },
};

function numberOf(text) {
  return /^\d{1,20}$/.test(text) ? Number(text) : undefined;
}

function parseParams(text) {
  const params = {};
  for (const one of text.split(' ').slice(1)) {
    const [name, value] = one.split('=');
    if (name in params)
      return undefined;
    params[name] = value;
    if (NUMBERS.includes(name))
      params[name] = numberOf(value);
    else if (IDS.includes(name))
      params[name] = /^0x[0-9a-f]{4}$/.test(value) ? Number(value) : undefined;
  }
  return params;
}

// { verb, id, params, head } ; undefined: malformed; null: to be ignored.
function parseControl(text) {
  const end = text.indexOf('\r\n');
  const line = LINE.exec(text.slice(0, end));
  if (end < 0 || text.length > CONTROL_MAX || !text.endsWith('\r\n') || !line)
    return undefined;
  const [, verb, ids, rest] = line;
  const kind = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  const params = parseParams(rest);
  if (!params)
    return undefined;
  if (!kind)
    return verb.endsWith('?') ? null : undefined;
  const head = text.slice(end + 2, -2);
  if ((ids.length > 0) !== (kind.id ?? false) || ids.length > 7 ||
      kind.needs.some((name) => params[name] === undefined) ||
      (head === '' ? kind.head === 'must' : !kind.head) ||
      (head !== '' && !head.endsWith('\r\n')))
    return undefined;
  return { verb, id: Number(ids), params, head };
}

// A text value: percent-encoded UTF-8; what is not, or has controls, is ''.
function textOf(value = '') {
  try {
    const text = decodeURIComponent(value);
    return /[\x00-\x1f\x7f]/.test(text) ? '' : text;
  } catch {
    return '';
  }
}

function encodeValue(text) {
  return encodeURIComponent(tools.decode(tools.encode(text))).replace(/[!'()*]/g, (one) =>
    `%${one.charCodeAt(0).toString(16).toUpperCase()}`);
}

const hex = (id) => `0x${id.toString(16).padStart(4, '0')}`;
