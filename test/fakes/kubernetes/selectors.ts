/** Label selectors of the API: `a=b`, `a!=b`, `a`, `!a`, `a in (b,c)`, `a notin (b,c)`, with commas between. */
type Labels = Readonly<Record<string, string>>;

export function labelSelector(text: string | null): (labels: Labels | undefined) => boolean {
  const terms = (text ?? '')
    .split(/,(?![^(]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== '')
    .map(parseTerm);
  return (labels = {}) => terms.every((holds) => holds(labels));
}

function parseTerm(term: string): (labels: Labels) => boolean {
  const set = /^(\S+) (in|notin) \((.*)\)$/.exec(term);
  if (set !== null) {
    const [, key = '', operator, values = ''] = set;
    const wanted = new Set(values.split(',').map((value) => value.trim()));
    return (labels) => wanted.has(labels[key] ?? '\0') === (operator === 'in');
  }
  const equality = /^([^=!]+)(!=|==|=)(.*)$/.exec(term);
  if (equality !== null) {
    const [, key = '', operator, value] = equality;
    return (labels) => (labels[key] === value) === (operator !== '!=');
  }
  return term.startsWith('!') ? (labels) => !(term.slice(1) in labels) : (labels) => term in labels;
}
