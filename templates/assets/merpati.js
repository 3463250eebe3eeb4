// Comfort only: every page works without this file. It stores nothing in the browser, because the phone may be
// shared. Every word it shows comes from the page, so that it speaks the language of the page.
(() => {
  'use strict';
  const doc = document, root = doc.documentElement, body = doc.body;
  const all = (selector, from) => Array.from((from || doc).querySelectorAll(selector));
  const typing = el => /^(INPUT|TEXTAREA|SELECT)$/.test(el.tagName) || el.isContentEditable;
  const fill = (text, values) => text.replace(/\{(\w+)\}/g, (_, key) => values[key]);
  const meta = doc.querySelector('meta[name="form-token"]');
  const leave = doc.querySelector('a.leave');
  const dialog = doc.getElementById('idle-warning');
  let heard = Date.now(); // when the server last heard from us: its own idle clock runs from there
  let gone = false;

  // Tabs of one browser tell each other "still here" and "leave". Nothing is kept.
  const tabs = window.BroadcastChannel ? new BroadcastChannel('tabs') : { postMessage() {} };

  // The page is blank before the next one arrives, and `replace` leaves nothing behind the back button.
  const go = url => {
    gone = true;
    root.classList.add('covered');
    doc.title = '\u2026';
    location.replace(url);
  };

  // A redirect means the session is over; `manual` turns it into a failure instead of a sign-in page.
  const post = (url, fields, more) => fetch(url, Object.assign({
    method: 'POST', body: fields, redirect: 'manual', headers: { 'x-form-token': meta ? meta.content : '' },
  }, more)).then(answer => {
    if (!answer.ok) throw answer;
    heard = Date.now();
    tabs.postMessage('here');
  });

  // ---- leave now: a click, or Shift three times within five seconds
  if (leave) {
    const away = () => { tabs.postMessage('leave'); go(leave.href); };
    leave.addEventListener('click', event => { event.preventDefault(); away(); });
    let presses = [];
    if (leave.dataset.shift !== 'off') doc.addEventListener('keydown', event => {
      if (event.repeat) return;
      const now = Date.now();
      // Any other key starts again: capital letters must not throw anybody out of a letter.
      presses = event.key === 'Shift' ? presses.filter(time => now - time < 5000).concat(now) : [];
      if (presses.length > 2) away();
    }, true);
  }
  tabs.onmessage = ({ data }) => {
    if (data === 'here') heard = Date.now();
    else if (leave || body.dataset.idleUrl) go(leave ? leave.href : body.dataset.idleUrl);
  };

  // ---- the back button shows nothing: the kept copy is blank and is asked for again
  addEventListener('pagehide', () => root.classList.add('covered'));
  addEventListener('pageshow', event => { if (event.persisted) location.reload(); });

  // ---- autosave: form[data-autosave=URL]
  const saves = all('form[data-autosave]').map(form => {
    const state = form.querySelector('[data-autosave-state]') || doc.querySelector('[data-autosave-state]');
    let changed = false, sent = false, running = null, stop = null;
    const say = word => { // writes only what is new, so that a screen reader is not told the same every 20 s
      const text = state && state.dataset[word];
      if (text && state.textContent !== text) state.textContent = text;
    };
    const save = () => {
      if (running) return running.then(save);
      if (!changed || sent) return Promise.resolve();
      const fields = new URLSearchParams();
      new FormData(form).forEach((value, name) => { if (typeof value === 'string') fields.append(name, value); });
      const slow = setTimeout(() => say('saving'), 1500);
      stop = window.AbortController ? new AbortController() : {};
      changed = false;
      // keepalive lets the last words out while the page closes; browsers refuse it above 64 KiB
      const keepalive = doc.visibilityState === 'hidden' && String(fields).length < 60000;
      running = post(form.dataset.autosave, fields, { keepalive, signal: stop.signal })
        .then(() => say('saved'), () => { changed = true; if (!sent) say('failed'); })
        .then(() => { clearTimeout(slow); running = null; });
      return running;
    };
    form.addEventListener('input', () => { changed = true; });
    form.addEventListener('change', () => { changed = true; });
    form.addEventListener('submit', () => { // a late draft must not overtake the letter itself
      sent = true;
      if (running && stop.abort) stop.abort();
    });
    setInterval(() => { if (!running) save(); }, 20000);
    doc.addEventListener('visibilitychange', () => { if (doc.visibilityState === 'hidden' && !gone && !running) save(); });
    return save;
  });

  // ---- idle: warn, then close the room. Wall-clock time, because a sleeping phone stops timers.
  const idle = body.dataset.idleSeconds * 1000, warn = body.dataset.idleWarnSeconds * 1000;
  if (idle && body.dataset.idleUrl) {
    const left = dialog && dialog.querySelector('[data-idle-left]');
    const trouble = dialog && dialog.querySelector('[data-idle-failed]');
    const stay = () => post('/still-here').then(tick, () => { if (trouble) trouble.hidden = false; });
    const tick = () => {
      const rest = heard + idle - Date.now();
      if (gone) return;
      if (rest <= 0) {
        gone = true;
        root.classList.add('covered'); // covered at once; the draft has three seconds to reach the server
        const leaveNow = () => go(body.dataset.idleUrl);
        setTimeout(leaveNow, 3000);
        Promise.all(saves.map(save => save())).then(leaveNow, leaveNow);
        return;
      }
      if (!dialog || !dialog.showModal) return;
      if (rest > idle - warn) { if (dialog.open) dialog.close(); return; }
      if (left) left.textContent = Math.floor(rest / 60000) + ':' + String(Math.floor(rest / 1000) % 60).padStart(2, '0');
      if (!dialog.open) { if (trouble) trouble.hidden = true; dialog.showModal(); }
    };
    // Somebody reading or writing is not idle: tell the server now and then, but never answer the warning for them.
    let asked = 0;
    const active = () => {
      const now = Date.now();
      if ((dialog && dialog.open) || now - heard < idle / 5 || now - asked < 15000) return;
      asked = now;
      post('/still-here').catch(() => {});
    };
    ['keydown', 'pointerdown', 'scroll'].forEach(kind => addEventListener(kind, active, { passive: true }));
    if (dialog) {
      all('[data-stay]', dialog).forEach(button => button.addEventListener('click', stay));
      dialog.addEventListener('cancel', event => { event.preventDefault(); stay(); });
    }
    setInterval(tick, 1000);
    doc.addEventListener('visibilitychange', tick);
  }

  // ---- show the secret while it is typed; it is hidden again before the form leaves
  all('button[data-reveal]').forEach(button => {
    const input = doc.getElementById(button.dataset.reveal);
    if (!input) return;
    const show = on => { input.type = on ? 'text' : 'password'; button.setAttribute('aria-pressed', on); };
    button.hidden = false;
    button.addEventListener('click', () => show(input.type === 'password'));
    if (input.form) input.form.addEventListener('submit', () => show(false));
  });

  // ---- files: name, size and a warning before a slow phone sends them for nothing
  const size = bytes => bytes < 1048576 ? Math.ceil(bytes / 1024) + ' KB'
    : (bytes / 1048576).toLocaleString(root.lang, { maximumFractionDigits: 1 }) + ' MB';
  all('input[type=file][data-size-target]').forEach(input => input.addEventListener('change', () => {
    const max = Number(input.dataset.maxBytes) || Infinity;
    const lines = Array.from(input.files).map(file => {
      const line = doc.createElement('li'), big = file.size > max;
      line.textContent = fill((big && input.dataset.tooLarge) || '{name} ({size})', { name: file.name, size: size(file.size), max: size(max) });
      if (big) line.className = 'problem';
      return line;
    });
    const target = doc.getElementById(input.dataset.sizeTarget);
    if (target) { target.textContent = ''; lines.forEach(line => target.appendChild(line)); }
    const bad = lines.find(line => line.className);
    input.setCustomValidity(bad ? bad.textContent : '');
  }));

  // ---- queue: j k n / and, inside the queue, the arrows. Single keys can be switched off (WCAG 2.1.4).
  const queue = doc.querySelector('[data-queue]');
  if (queue) doc.addEventListener('keydown', event => {
    if (typing(event.target) || event.ctrlKey || event.metaKey || event.altKey || (dialog && dialog.open)) return;
    const rows = all('a.name', queue), at = rows.indexOf(doc.activeElement);
    const plain = queue.dataset.keys !== 'off', inside = at >= 0;
    const key = event.key, next = doc.querySelector('a[data-next]'), filter = doc.querySelector('[data-filter]');
    let to = null;
    if ((plain && key === 'j') || (inside && key === 'ArrowDown')) to = rows[Math.min(at + 1, rows.length - 1)];
    else if ((plain && key === 'k') || (inside && key === 'ArrowUp')) to = rows[Math.max(at - 1, 0)];
    else if (plain && key === '/') to = filter;
    else if (plain && key === 'n' && next) { event.preventDefault(); next.click(); }
    if (to) { event.preventDefault(); to.focus(); }
  });

  // ---- length of a letter: [data-count-for=ID data-count-text="{words} words"]
  all('[data-count-for]').forEach(note => {
    const field = doc.getElementById(note.dataset.countFor);
    const count = () => {
      const words = (field.value.match(/\S+/g) || []).length.toLocaleString(root.lang);
      note.textContent = fill(note.dataset.countText, { words, characters: field.value.length.toLocaleString(root.lang) });
    };
    if (field) { field.addEventListener('input', count); count(); }
  });

  all('button[data-print]').forEach(button => {
    button.hidden = false;
    button.addEventListener('click', () => print());
  });
})();
