// The conversation, after clicks.js and follow.js.
function rate({ dataset: { reply } }, changes) { send('rate', { reply, changes }); }

// Clicks may be faster than the server: the reasons chosen so far are kept here, not read from the
// page, which may still show the answer to an earlier click.
const reasons = new Map();
function reasonsOf(form) {
  const { reply } = form.dataset;
  if (!reasons.has(reply)) {
    const chosen = form.querySelectorAll('[data-act=reasons][aria-pressed=true]');
    reasons.set(reply, new Set([...chosen].map((chip) => chip.dataset.value)));
  }
  return reasons.get(reply);
}

function choose(button) {
  const { form, dataset: { act, value } } = button;
  if (act === 'thumbs') reasons.set(form.dataset.reply, new Set());
  const on = press(button, form.querySelectorAll(`[data-act=${act}]`));
  rate(form, { [act]: on ? Number(value) : null });
}

function select(reply) {
  trigger('select', { reply });
  const fold = document.querySelector('#fold button');
  if (!fold?.offsetParent) return;  // not on a phone
  if (fold.ariaExpanded === 'true') comeIntoView(fold);
  else fold.click();
}

Object.assign(acts, {
  thumbs: choose,
  relevance: choose,
  interest: choose,
  reasons(button) {
    const all = reasonsOf(button.form);
    all[press(button) ? 'add' : 'delete'](button.dataset.value);
    rate(button.form, { reasons: [...all] });
  },
  comment({ form, value }) { rate(form, { comment: value }); },
  retry({ form }) { rate(form, {}); },
  withdraw({ form }) {
    reasons.delete(form.dataset.reply);
    rate(form, { thumbs: null });
    form.querySelector('.thumb').focus();
  },
  select({ form }) { select(form.dataset.reply); },
  earlier({ dataset: { reply } }) {
    trigger('select', { reply });
    focusBox();
  },
});

element.addEventListener('click', ({ target }) => {
  const answer = target.closest('.answer[data-reply]');
  const elsewhere = target.closest('a, button, input, form, .film');
  if (answer && !elsewhere && !String(getSelection())) select(answer.dataset.reply);
});
