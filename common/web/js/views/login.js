/** Logging in and registering. */
import { html, useEffect, useRef, useState } from '../lib.js';
import { exchange } from '../core/http.js';
import { begin, takeFarewell } from '../core/session.js';
import { limit, system } from '../model/system.js';
import { Icon } from './icon.js';

const farewell = takeFarewell();

export function Login() {
  const [registering, setRegistering] = useState(false);
  const [problem, setProblem] = useState(null);
  const [busy, setBusy] = useState(false);
  const form = useRef();
  useEffect(() => form.current.elements.username.focus(), [registering]);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setProblem(null);
    const { username, ...rest } = Object.fromEntries(new FormData(form.current));
    try {
      const path = registering ? '/auth/register' : '/auth/login';
      begin((await exchange('POST', path, { body: { username: username.trim(), ...rest } })).data);
    } catch (failed) {
      setProblem(failed);
      setBusy(false);
    }
  };
  const change = () => {
    setRegistering(!registering);
    setProblem(null);
  };
  const { phase, title, links = {} } = system.value;
  return html`<main class="login" id="main">
    <div class="login-card">
      <p class="brand"><span class="logo"><${Icon} name="chat" /></span> Chat</p>
      <h1>${registering ? 'Create your account' : 'Welcome back'}</h1>
      ${farewell && html`<p class="note" role="status">${farewell}</p>`}
      <form ref=${form} onSubmit=${submit} key=${registering}>
        <${Field} name="username" label="Username" problem=${problem} autocomplete="username" autocapitalize="none" spellcheck=${false}
          hint=${registering && '3 to 32 small letters, digits, dots, dashes or underscores'}
          ...${registering && { pattern: '[a-z0-9][a-z0-9_.\\-]{2,31}' }} />
        ${registering && html`<${Field} name="display_name" label="Name" problem=${problem} autocomplete="name" dir="auto"
          hint="How others see you" maxlength=${limit('display_name_max', 64)} />`}
        <${Field} name="password" label="Password" type="password" problem=${problem}
          autocomplete=${registering ? 'new-password' : 'current-password'}
          hint=${registering && `At least ${limit('password_min', 8)} characters`}
          ...${registering && { minlength: limit('password_min', 8) }} maxlength=${limit('password_max', 128)} />
        ${problem && html`<p class="error" role="alert"><${Icon} name="warn" /> ${problem.words}</p>`}
        <button type="submit" class="primary wide" disabled=${busy}>${busy ? 'One moment…' : registering ? 'Create account' : 'Log in'}</button>
      </form>
      <p class="switch">${registering ? 'You have an account?' : 'New here?'}
        <button type="button" class="link" onClick=${change}>${registering ? 'Log in' : 'Create an account'}</button></p>
    </div>
    <footer class="dim">${phase !== undefined && html`Phase ${phase} · ${title} · `}<a href=${links.lesson || '/lesson'}>Lesson</a> · <a href=${links.docs || '/api/docs/'}>API documents</a></footer>
  </main>`;
}

function Field({ name, label, hint, problem, ...rest }) {
  const wrong = problem?.about(name);
  return html`<div class="field"><label for=${name}>${label}</label>
    <input id=${name} name=${name} required aria-invalid=${Boolean(wrong)} aria-describedby=${hint ? `${name}-hint` : null} ...${rest} />
    ${hint && html`<small id=${`${name}-hint`}>${hint}</small>`}</div>`;
}
