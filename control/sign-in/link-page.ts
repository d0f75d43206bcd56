/**
 * The pages of a server without a console: where it leads, and what a one-time link is good for. The link's secret is
 * behind the "#": the browser sends it to nobody, and the script of the page alone reads it.
 */
import { PASSWORD_LENGTH_MIN } from '#api/resources/sign-in.ts';
import { API_PATH } from '#api/endpoint.ts';
import { htmlPage } from '#control/http/html-page.ts';

/** By the language that the browser asks for first. */
const words = {
  en: {
    owner: 'Set up the owner of this installation',
    account: 'Accept the invitation',
    password: 'Set a new password',
    sign_in: 'Sign in as the person that the link is for, and open it again.',
    nothing: 'Accept the invitation',
    name: 'Your name',
    email: 'E-mail address',
    newPassword: `Password, of ${PASSWORD_LENGTH_MIN} characters at least`,
    go: 'Continue',
    done: 'Done. You are signed in, in this browser.',
    code: 'Done. Sign in with your password and a code of your second factor.',
    missing: 'This address is only a part of the link: the part behind the "#" is missing.',
    unreachable: 'The server does not answer. Try again.',
  },
  ja: {
    owner: 'この環境の所有者を登録する',
    account: '招待を承諾する',
    password: '新しいパスワードを設定する',
    sign_in: 'リンクの宛先の本人としてログインし、もう一度開いてください。',
    nothing: '招待を承諾する',
    name: 'お名前',
    email: 'メールアドレス',
    newPassword: `パスワード(${PASSWORD_LENGTH_MIN} 文字以上)`,
    go: '続ける',
    done: '完了しました。このブラウザでログインしています。',
    code: '完了しました。パスワードと二要素認証のコードでログインしてください。',
    missing: 'リンクの「#」より後ろの部分がありません。',
    unreachable: 'サーバーが応答しません。もう一度お試しください。',
  },
};

// Runs in the browser. Everything that comes from the server is set as text.
const script = `
const all = ${JSON.stringify(words).replaceAll('<', '\\u003c')};
const language = navigator.language.startsWith('ja') ? 'ja' : 'en';
const t = all[language];
document.documentElement.lang = language;
const main = document.querySelector('main');
const link = location.hash.slice(1);
const add = (name, text, where = main) => {
  const element = where.appendChild(document.createElement(name));
  element.textContent = text;
  return element;
};
const say = (text) => { main.replaceChildren(); add('p', text); };
const ask = async (path, body) => {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch('${API_PATH}/links/' + path, { method: 'POST', headers, body: JSON.stringify(body) });
  const value = await answer.json();
  if (answer.ok) return value;
  const faults = (value.errors ?? []).map(({ message }) => message);
  // Which fields of a request are wrong is for programs.
  throw new Error((faults.length > 0 ? faults : [value.detail, value.hint]).filter(Boolean).join('. '));
};
const reasonOf = (error) => (error instanceof TypeError ? t.unreachable : error.message);
const fieldsOf = {
  owner: [['name', 'text', 'name'], ['email', 'email', 'email'], ['newPassword', 'password', 'new-password']],
  account: [['name', 'text', 'name'], ['newPassword', 'password', 'new-password']],
  password: [['newPassword', 'password', 'new-password']],
  nothing: [],
};
const show = (seen) => {
  main.replaceChildren();
  if (seen.needs === 'sign_in') return add('p', t.sign_in);
  add('h1', t[seen.needs]);
  const about = [seen.email, seen.workspace, seen.role].filter((text) => text !== null);
  if (about.length > 0) add('p', about.join(' · '));
  const form = add('form', '');
  for (const [name, type, autocomplete] of fieldsOf[seen.needs]) {
    const label = add('label', t[name], form);
    Object.assign(label.appendChild(document.createElement('input')), { name, type, autocomplete, required: true });
  }
  const alert = add('p', '', form);
  alert.setAttribute('role', 'alert');
  const button = add('button', t.go, form);
  form.querySelector('input')?.focus();
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    button.disabled = true;
    alert.textContent = '';
    const { newPassword: password, ...rest } = Object.fromEntries(new FormData(form));
    try {
      const { next } = await ask('use', { link, ...rest, ...(password === undefined ? {} : { password }) });
      history.replaceState(null, '', location.pathname);
      say(next === 'code' ? t.code : t.done);
    } catch (error) {
      alert.textContent = reasonOf(error);
      button.disabled = false;
    }
  });
};
if (link === '') say(t.missing);
else ask('look', { link }).then(show, (error) => say(reasonOf(error)));
`;

export const LINK_PATH = '/link';

export function linkPage(): Response {
  const noScript = '<noscript><p>This page needs JavaScript. このページには JavaScript が必要です。</p></noscript>';
  return htmlPage({ body: `<main></main>${noScript}`, script });
}

export function frontPage(): Response {
  const body = `<main><h1>Ropeway</h1>
<p>The server is running. There is no console in this release: use the command line of this machine,
for a start <code>npx ropeway transfers list</code>, or the API, which
<a href="${API_PATH}/openapi.json">describes itself</a>.</p>
<p lang="ja">サーバーは動いています。このリリースにコンソールはありません。コマンドライン
(<code>npx ropeway transfers list</code>)または API をお使いください。</p></main>`;
  return htmlPage({ body });
}
