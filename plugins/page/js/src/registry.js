// What the page has set, and the extensions that halves have registered.
const VERSION = '@VERSION@';
const EXTENSIONS = new Map();

const settings = {
  challenge: undefined,  // (info) => credentials or null, or a promise of them
  share: true,           // true: in this page or worker; 'tabs'; false
  worker: undefined,     // the script of share = 'tabs'
  handshake: true,       // false: every socket is a plain one
  linger: 5000,          // ms that a connection without channels is kept
};

function configure(options = {}) {
  for (const [name, value] of Object.entries(options)) {
    if (!(name in settings))
      throw new TypeError(`headgate has no option ${name}`);
    settings[name] = value;
  }
}

function register(extension) {
  if (!TOKEN.test(extension?.name) || typeof extension.accept !== 'function')
    throw new TypeError('an extension has a name and accept()');
  EXTENSIONS.set(extension.name, extension);
}

// The offers of one handshake, as texts. Their order is that of the chain, and
// what puts marks between the messages has to be nearest the wire.
function offers(url) {
  const list = [];
  const all = [...EXTENSIONS.values()];
  for (const { name, offer } of [...all.filter(({ marks }) => !marks),
    ...all.filter(({ marks }) => marks)]) {
    const params = offer ? offer({ url: url.href, share: settings.share !==
      false }) : {};
    if (params)
      list.push(formatExtension(name, params));
  }
  return list;
}

// Where the challenge callback's answer goes: the value of Authorization.
// null: the page has none.
function authorizationOf(answer) {
  const value = typeof answer === 'string' ? answer :
    answer?.authorization ?? (answer?.username === undefined ? null :
      `Basic ${btoa(latin1(encode(`${answer.username}:${answer.password ??
        ''}`)))}`);
  if (value === null || value === undefined)
    return null;
  if (value === '' || !FIELD_VALUE.test(value))
    throw new TypeError('not a value of Authorization');
  return value;
}

// Asks the page. Gives the value of Authorization, or null.
async function askCredentials(request, response, round) {
  const challenge = request.challenge ?? settings.challenge;
  if (typeof challenge !== 'function')
    return null;
  const header = response.fields.get('WWW-Authenticate') ?? '';
  return authorizationOf(await challenge({
    url: request.url.href, protocols: [...request.protocols], round,
    header, scheme: /^\s*([^\s,]+)/.exec(header)?.[1] ?? '',
    realm: /\brealm="((?:[^"\\]|\\.)*)"/i.exec(header)?.[1] ?? '',
  }));
}
