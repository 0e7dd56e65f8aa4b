// Events of the conversation, after clicks.js and follow.js. `trigger` calls the handlers
// 'rate', 'mark', 'select', 'again', 'undo', 'wish' and 'redraw'. What is pressed shows at once; the server
// answers with what is true.

function rate(form, changes) {
  send('rate', { reply: form.dataset.reply, changes });
}

// Clicks may be faster than the server: the reasons chosen so far are kept here, not read from
// the page, which may still show the answer to an earlier click.
const reasons = new Map();
function reasonsOf(form) {
  const reply = form.dataset.reply;
  if (!reasons.has(reply)) {
    const chosen = form.querySelectorAll('[data-act=reasons][aria-pressed=true]');
    reasons.set(reply, new Set([...chosen].map((chip) => chip.dataset.value)));
  }
  return reasons.get(reply);
}

function choose(button, form) {
  const aspect = button.dataset.act;
  if (aspect === 'thumbs') reasons.set(form.dataset.reply, new Set());
  const on = press(button, form.querySelectorAll(`[data-act=${aspect}]`));
  rate(form, { [aspect]: on ? Number(button.dataset.value) : null });
}

const acts = {
  thumbs: choose,
  relevance: choose,
  interest: choose,
  reasons(button, form) {
    const all = reasonsOf(form);
    press(button, []) ? all.add(button.dataset.value) : all.delete(button.dataset.value);
    rate(form, { reasons: [...all] });
  },
  retry(button, form) { rate(form, {}); },
  withdraw(button, form) {
    reasons.delete(form.dataset.reply);
    rate(form, { thumbs: null });
    form.querySelector('.thumb').focus();
  },
  mark(button) {
    const { reply, item, kind } = button.dataset;
    send('mark', { reply, item, kind, on: press(button, []) });
  },
  select(button, form) { select(form.dataset.reply); },
  again() { trigger('again', {}); focusBox(); },
  undo() { trigger('undo', {}); focusBox(); },
  wish(button) { trigger('wish', { text: button.dataset.text }); focusBox(); },
};

function select(reply) {
  trigger('select', { reply });
  const fold = document.querySelector('#fold button');
  if (!fold?.offsetParent) return;  // not on a phone
  if (fold.getAttribute('aria-expanded') !== 'true') fold.click();
  setTimeout(() => fold.scrollIntoView({ block: 'start' }), 200);  // once the evidence is there
}

element.addEventListener('submit', (event) => event.preventDefault());
element.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button) return acts[button.dataset.act](button, button.closest('form'));
  const answer = event.target.closest('.answer[data-reply]');
  const elsewhere = event.target.closest('a, button, input, form, .film');
  if (answer && !elsewhere && !String(getSelection())) select(answer.dataset.reply);
});
element.addEventListener('change', (event) => {
  if (event.target.name === 'comment') rate(event.target.form, { comment: event.target.value });
});
element.addEventListener('keydown', (event) => {
  if (event.key !== 'Enter' || event.target.name !== 'comment') return;
  event.preventDefault();
  event.target.blur();
  event.target.focus();
});
