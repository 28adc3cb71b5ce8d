// The frame's own behaviour: it works before and without a circuit, and only listens on the document, so that navigation never loses it.
(() => {
  'use strict';
  const root = document.documentElement;
  const $ = (selector, from = document) => from.querySelector(selector);
  const $$ = (selector, from = document) => [...from.querySelectorAll(selector)];

  // theme
  function setTheme(theme) {
    const secure = location.protocol === 'https:' ? '; Secure' : '';
    document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    root.dataset.theme = theme;
    for (const link of $$('link[data-theme-of]')) {
      link.media = theme === 'system' ? `(prefers-color-scheme: ${link.dataset.themeOf})` : theme === link.dataset.themeOf ? 'all' : 'not all';
    }
    for (const button of $$('[data-set-theme]')) {
      button.setAttribute('aria-pressed', String(button.dataset.setTheme === theme));
    }
  }

  // words for screen readers
  function announce(words) {
    let region = $('#announcer');
    if (!region) {
      region = document.createElement('div');
      region.id = 'announcer';
      region.className = 'visually-hidden';
      region.setAttribute('role', 'status');
      document.body.append(region);
    }
    region.textContent = words;
  }

  // copy
  async function copy(button) {
    const source = document.getElementById(button.dataset.copy);
    if (!source) { return; }
    try {
      await navigator.clipboard.writeText(source.textContent);
    } catch {
      // no clipboard on an insecure origin: select the text, so that the person's own copy key works
      getSelection().selectAllChildren(source);
      if (!document.execCommand('copy')) { announce('Selected. Press Ctrl C to copy.'); return; }
    }
    button.dataset.copied = '';
    announce('Copied');
    setTimeout(() => delete button.dataset.copied, 2000);
  }

  // menus and drawer
  function closeMenus(except) {
    for (const menu of $$('details[data-menu][open]')) {
      if (menu !== except) { menu.open = false; }
    }
  }
  function setDrawer(open) {
    const button = $('[data-drawer]');
    if (!button) { return; }
    const was = 'drawerOpen' in root.dataset;
    if (open) { root.dataset.drawerOpen = ''; } else { delete root.dataset.drawerOpen; }
    button.setAttribute('aria-expanded', String(open));
    if (open) { $('#side a')?.focus(); } else if (was) { button.focus(); }
  }

  // jump to…
  const jumpLinks = () => $$('#jump-list a').filter(a => !a.parentElement.hidden);
  function openJump() {
    const dialog = $('#jump');
    if (!dialog || dialog.open) { return; }
    closeMenus();
    const input = $('.jump-input', dialog);
    input.value = '';
    filterJump('');
    dialog.showModal();
    input.focus();
  }
  function filterJump(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    for (const link of $$('#jump-list a')) {
      link.parentElement.hidden = !words.every(word => link.dataset.words.includes(word));
    }
    const links = jumpLinks();
    $('.jump-none').hidden = links.length > 0;
    markJump(links[0]);
  }
  function markJump(link) {
    for (const other of $$('#jump-list a')) { other.setAttribute('aria-selected', String(other === link)); }
    const input = $('.jump-input');
    if (link) { input.setAttribute('aria-activedescendant', link.id); link.scrollIntoView({ block: 'nearest' }); } else { input.removeAttribute('aria-activedescendant'); }
  }
  function walkJump(step) {
    const links = jumpLinks();
    const at = links.findIndex(link => link.getAttribute('aria-selected') === 'true');
    if (links.length) { markJump(links[(at + step + links.length) % links.length]); }
  }

  // times: the same words as Format.Relative, and the exact time in the person's own zone
  const exact = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'long' });
  const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
  function relative(moment, now) {
    const distance = Math.abs(moment - now);
    if (distance < 45000) { return moment > now ? 'in a moment' : 'just now'; }
    const minutes = Math.round(distance / 60000);
    const days = Math.floor(minutes / 1440);
    if (days >= 30) { return day.format(moment); }
    const words = minutes < 60 ? `${minutes} min` : minutes < 1440 ? `${Math.floor(minutes / 60)} h` : `${days} ${days === 1 ? 'day' : 'days'}`;
    return moment > now ? `in ${words}` : `${words} ago`;
  }
  function tick() {
    for (const time of $$('time[data-relative]')) {
      const words = relative(new Date(time.dateTime), new Date());
      // only the text node's data: the node itself belongs to the page and must stay
      if (time.firstChild && time.firstChild.data !== words) { time.firstChild.data = words; }
    }
  }
  function showExact(target) {
    const time = target.closest?.('time[data-relative]');
    if (time) { time.title = exact.format(new Date(time.dateTime)); }
  }

  document.addEventListener('click', event => {
    const target = event.target;
    const menu = target.closest('details[data-menu]');
    closeMenus(menu);
    const theme = target.closest('[data-set-theme]');
    if (theme) {
      setTheme(theme.dataset.setTheme);
      if (menu) { menu.open = false; $('summary', menu).focus(); }
      return;
    }
    const copier = target.closest('[data-copy]');
    if (copier) { copy(copier); return; }
    if (target.closest('[data-jump]')) { openJump(); return; }
    if (target.closest('[data-drawer]')) { setDrawer(!('drawerOpen' in root.dataset)); return; }
    if (target.closest('[data-drawer-close]') || target.closest('#side a')) { setDrawer(false); }
    if (target.closest('[data-reload]')) { location.reload(); return; }
    if (target.id === 'jump' || target.closest('#jump a')) { $('#jump').close(); }
  });
  // before Blazor's own handler, which would navigate and leave the focus where it was
  document.addEventListener('click', event => {
    if (event.target.closest?.('.skip-link')) { event.preventDefault(); event.stopPropagation(); $('#content')?.focus(); scrollTo(0, 0); }
  }, true);
  document.addEventListener('input', event => {
    if (event.target.matches?.('.jump-input')) { filterJump(event.target.value); }
  });
  document.addEventListener('keydown', event => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === 'k') {
      if ($('#jump') && !$('dialog.modal[open]')) { event.preventDefault(); openJump(); }
    } else if (event.ctrlKey && event.key === 'Enter' && event.target.closest?.('[data-run-keys]')) {
      // what is being typed reaches the circuit before the click does
      event.preventDefault();
      event.target.dispatchEvent(new Event('change', { bubbles: true }));
      $('[data-run]', event.target.closest('[data-run-keys]'))?.click();
    } else if (event.target.matches?.('[data-tab]') && ['ArrowRight', 'ArrowLeft', 'Home', 'End'].includes(event.key)) {
      const tabs = $$('[data-tab]', event.target.parentElement);
      const at = tabs.indexOf(event.target);
      const to = event.key === 'Home' ? 0 : event.key === 'End' ? tabs.length - 1 : (at + (event.key === 'ArrowRight' ? 1 : -1) + tabs.length) % tabs.length;
      event.preventDefault();
      tabs[to].click();
      tabs[to].focus();
    } else if (event.target.matches?.('.jump-input')) {
      if (event.key === 'ArrowDown') { event.preventDefault(); walkJump(1); }
      if (event.key === 'ArrowUp') { event.preventDefault(); walkJump(-1); }
      if (event.key === 'Enter') { event.preventDefault(); $('#jump-list a[aria-selected=true]')?.click(); }
    } else if (event.key === 'Escape') {
      const sticky = $('dialog[data-sticky][open]');
      if (sticky) { event.preventDefault(); return; }
      const menu = $('details[data-menu][open]');
      if (menu) { menu.open = false; $('summary', menu).focus(); } else if ('drawerOpen' in root.dataset) { setDrawer(false); }
    }
  });
  document.addEventListener('cancel', event => {
    if (event.target.matches?.('dialog[data-sticky]')) { event.preventDefault(); }
  }, true);
  document.addEventListener('mouseover', event => showExact(event.target));
  document.addEventListener('focusin', event => showExact(event.target));
  setInterval(tick, 20000);

  // navigation inside the portal: tell the place to screen readers by moving focus to its title
  let path = location.pathname;
  const afterStart = () => Blazor.addEventListener?.('enhancedload', () => {
    tick();
    // navigation takes the mark off the body; a page that stayed (another parameter, same page) still has its circuit
    if ($('main h1')?.circuitUp) { document.body.dataset.circuit = 'up'; }
    if (path === location.pathname) { return; }
    path = location.pathname;
    setDrawer(false);
    closeMenus();
    scrollTo(0, 0);
    $('main h1')?.focus({ preventScroll: true });
  });
  if (window.Blazor) { afterStart(); } else { addEventListener('DOMContentLoaded', () => window.Blazor && afterStart()); }

  let opener = null;
  window.portal = {
    // a page that loads its thing first knows its title only now, when the document's head is long sent
    circuitUp: title => { title.circuitUp = true; document.title = `${title.textContent} · McpPortal`; document.body.dataset.circuit = 'up'; },
    openDialog: dialog => { opener = document.activeElement; if (!dialog.open) { dialog.showModal(); } },
    dialogClosed: () => { if (opener?.isConnected) { opener.focus(); } opener = null; },
    focus: selector => $(selector)?.focus(),
  };
})();
