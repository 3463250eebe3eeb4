// Comfort only: every page works without this file. It keeps nothing, because the phone may be shared.
// All words come from the page, so they follow its language.
(() => {
  const doc = document, root = doc.documentElement, day = doc.body.dataset;
  const all = (selector, from = doc) => [...from.querySelectorAll(selector)];
  const on = (target, kind, act) => target.addEventListener(kind, act);
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const [meta] = all('meta[name=form-token]'), [leave] = all('a.leave'), [queue] = all('[data-queue]');
  const dialog = doc.getElementById('idle-warning');
  let heard = Date.now(); // when the server last heard from us: its idle clock runs from there
  let gone = false;

  // Tabs tell each other "here" and "leave"; nothing is kept.
  const tabs = window.BroadcastChannel ? new BroadcastChannel('tabs') : { postMessage() {} };

  const cover = () => root.classList.add('covered');
  const go = url => { // `replace` leaves nothing behind the back button
    gone = true;
    cover();
    doc.title = '…';
    location.replace(url);
  };

  // A redirect means the session is over: `manual` makes that a failure.
  const post = (url, body, more) => fetch(url, {
    method: 'POST', body, redirect: 'manual', headers: { 'x-form-token': meta ? meta.content : '' }, ...more,
  }).then(answer => {
    if (!answer.ok) throw answer;
    heard = Date.now();
    tabs.postMessage('here');
  });

  // Leave now: a click, or Shift three times within five seconds.
  if (leave) {
    const away = () => { tabs.postMessage('leave'); go(leave.href); };
    for (const link of all('a.leave')) on(link, 'click', event => { event.preventDefault(); away(); });
    let presses = [];
    if (leave.dataset.shift !== 'off') on(doc, 'keydown', ({ key, repeat }) => {
      if (repeat) return;
      const now = Date.now();
      // Any other key starts again: capital letters must not throw anybody out of a letter.
      presses = key === 'Shift' ? [...presses.filter(time => now - time < 5000), now] : [];
      if (presses.length > 2) away();
    });
  }
  tabs.onmessage = ({ data }) => {
    if (data === 'here') heard = Date.now();
    else go(leave ? leave.href : day.idleUrl || '/');
  };

  // The back button shows nothing: the kept copy is blank, then reloaded.
  on(window, 'pagehide', cover);
  on(window, 'pageshow', event => { if (event.persisted) location.reload(); });

  const saves = all('form[data-autosave]').map(form => {
    const [state] = all('[data-autosave-state]', form);
    let changed, sent, running, stop;
    const say = word => { // only what is new: a screen reader must not repeat it every 20 s
      if (state && state.textContent !== state.dataset[word]) state.textContent = state.dataset[word];
    };
    const save = () => {
      if (running) return running.then(save);
      if (!changed || sent) return Promise.resolve();
      const fields = new URLSearchParams([...new FormData(form)].filter(([, value]) => typeof value === 'string'));
      const slow = setTimeout(say, 1500, 'saving');
      // Lets the last words out while the page closes; refused above 64 KiB.
      const keepalive = doc.hidden && String(fields).length < 60000;
      changed = false;
      stop = new AbortController();
      running = post(form.dataset.autosave, fields, { keepalive, signal: stop.signal })
        .then(() => say('saved'), () => { changed = true; if (!sent) say('failed'); })
        .then(() => { clearTimeout(slow); running = null; });
      return running;
    };
    on(form, 'input', () => { changed = true; });
    on(form, 'submit', () => { sent = true; if (running) stop.abort(); }); // a late draft must not overtake the letter
    setInterval(() => { if (!running) save(); }, 20000);
    on(doc, 'visibilitychange', () => { if (doc.hidden && !gone && !running) save(); });
    return save;
  });

  // Idle: warn, then close. By the clock, because a sleeping phone stops timers.
  const idle = day.idleSeconds * 1000, warn = day.idleWarnSeconds * 1000;
  if (idle && dialog && dialog.showModal) {
    const [left] = all('[data-idle-left]', dialog), [failed] = all('[data-idle-failed]', dialog);
    const tick = () => {
      const rest = heard + idle - Date.now();
      if (gone) return;
      if (rest <= 0) {
        gone = true;
        cover(); // at once; the draft has three seconds to reach the server
        const end = () => go(day.idleUrl);
        setTimeout(end, 3000);
        Promise.all(saves.map(save => save())).then(end);
      } else if (rest > idle - warn) {
        if (dialog.open) dialog.close();
      } else {
        left.textContent = Math.floor(rest / 60000) + ':' + `0${Math.floor(rest / 1000) % 60}`.slice(-2);
        if (!dialog.open) { failed.hidden = true; dialog.showModal(); }
      }
    };
    const stay = () => post('/still-here').then(tick, () => { failed.hidden = false; });
    // Reading and writing keep the session, but never answer the warning.
    let asked = 0;
    const active = () => {
      if (dialog.open || Date.now() - Math.max(heard, asked) < idle / 5) return;
      asked = Date.now();
      post('/still-here').catch(() => {});
    };
    for (const kind of ['keydown', 'pointerdown', 'scroll']) on(window, kind, active);
    for (const button of all('[data-stay]', dialog)) on(button, 'click', stay);
    on(dialog, 'cancel', event => { event.preventDefault(); stay(); });
    on(doc, 'visibilitychange', tick);
    setInterval(tick, 1000);
  }

  // Show a secret while it is typed; hidden again before the form leaves.
  for (const button of all('button[data-reveal]')) {
    const input = doc.getElementById(button.dataset.reveal);
    const show = on => { input.type = on ? 'text' : 'password'; button.setAttribute('aria-pressed', on); };
    button.hidden = false;
    on(button, 'click', () => show(input.type === 'password'));
    on(input.form, 'submit', () => show(false));
  }

  // Files: name, size, and a warning before they are sent for nothing.
  const number = value => value.toLocaleString(root.lang, { maximumFractionDigits: 1 });
  const size = bytes => `${number(Math.max(bytes / 1048576, 0.1))} MB`;
  for (const input of all('input[type=file][data-size-target]')) on(input, 'change', () => {
    const max = input.dataset.maxBytes;
    const lines = [...input.files].map(file => {
      const line = doc.createElement('li'), big = file.size > max;
      const values = { name: file.name, size: size(file.size), max: size(max) };
      line.textContent = fill(big ? input.dataset.tooLarge : '{name} ({size})', values);
      if (big) line.className = 'problem';
      return line;
    });
    doc.getElementById(input.dataset.sizeTarget).replaceChildren(...lines);
    const bad = lines.find(line => line.className);
    input.setCustomValidity(bad ? bad.textContent : '');
  });

  // Queue: arrows inside it; j k n / anywhere, which can be switched off (WCAG 2.1.4).
  if (queue) on(doc, 'keydown', event => {
    const rows = all('a.name', queue), at = rows.indexOf(doc.activeElement);
    const key = at < 0 ? event.key : { ArrowDown: 'j', ArrowUp: 'k' }[event.key] || event.key;
    if (event.target.matches('input, textarea, select') || event.ctrlKey || event.metaKey || event.altKey) return;
    if ((dialog && dialog.open) || (key === event.key && queue.dataset.keys === 'off')) return;
    const [filter] = all('[data-filter]'), [next] = all('a[data-next]');
    const to = { j: rows[at + 1], k: rows[at - 1], '/': filter, n: next }[key];
    if (!to) return;
    event.preventDefault();
    if (key === 'n') return to.click();
    for (const box of all('details')) if (box.contains(to)) box.open = true;
    to.focus();
  });

  for (const note of all('[data-count-for]')) {
    const field = doc.getElementById(note.dataset.countFor);
    const count = () => {
      note.textContent = fill(note.dataset.countText, { words: number((field.value.match(/\S+/g) || []).length) });
    };
    on(field, 'input', count);
    count();
  }

  for (const button of all('button[data-print]')) {
    button.hidden = false;
    on(button, 'click', () => print());
  }
})();
