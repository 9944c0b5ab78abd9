/** Layers over or next to the page: closing one returns the focus to where it was before. */
const layers = "dialog, [role=dialog], [role=menu], [role=status], .detail";
/** Parts in which another control is looked for; without one, the part itself takes the focus. */
const parts = `${layers}, main`;
const controls = "a[href], button, input, select, textarea, summary, [tabindex]";

const isShown = (element: Element) => element.isConnected && element.getClientRects().length > 0;
const isUsable = (element: Element) => isShown(element) && !element.matches(":disabled");

/**
 * The controls in a node, itself included, that Tab reaches. All rows of a list count, even if only
 * one of them is in the Tab order.
 */
function controlsIn(node: Node, kind?: string): HTMLElement[] {
  if (!(node instanceof Element)) return [];
  return [node, ...node.querySelectorAll(controls)].filter(
    (one): one is HTMLElement =>
      one instanceof HTMLElement &&
      isUsable(one) &&
      one.matches(controls) &&
      (one.tabIndex >= 0 || (node.tagName === kind && node.hasAttribute("tabindex"))),
  );
}

type Place = { parent: Element; next: Node | null; previous: Node | null };

/** Where a node was removed, with what has been inserted there since. */
function placeOf({ target, nextSibling, previousSibling }: MutationRecord): Place {
  const isThere = (node: Node | null) => node !== null && node.parentNode === target;
  const previous = isThere(previousSibling) ? previousSibling : null;
  const after = isThere(nextSibling) ? nextSibling : null;
  const next = previous === null ? (after ?? target.firstChild) : previous.nextSibling;
  return { parent: target as Element, next, previous };
}

/**
 * The control that takes the focus of a removed one: the same control in the next or previous row
 * of a list, else the nearest one in the same part, else that part itself. `gone` is the removed
 * element.
 */
function heirOf(control: HTMLElement, gone: Element, place: Place): HTMLElement {
  const own = [gone, ...gone.querySelectorAll(controls)].filter((one) => one.matches(controls));
  const at = Math.max(0, own.indexOf(control));
  const within = (node: Node, isBefore: boolean) => {
    const all = controlsIn(node, gone.tagName);
    const isAlike = node instanceof Element && node.tagName === gone.tagName;
    return isAlike ? all[Math.min(at, all.length - 1)] : isBefore ? all.at(-1) : all[0];
  };
  for (let { parent, next, previous } = place; ; ) {
    for (let node = next; node !== null; node = node.nextSibling) {
      const found = within(node, false);
      if (found !== undefined) return found;
    }
    for (let node = previous; node !== null; node = node.previousSibling) {
      const found = within(node, true);
      if (found !== undefined) return found;
    }
    if (parent.matches(parts) || parent.parentElement === null) {
      const part = (parent.querySelector("main") ?? parent) as HTMLElement;
      if (!part.hasAttribute("tabindex")) part.tabIndex = -1;
      return part;
    }
    ({ nextSibling: next, previousSibling: previous } = parent);
    parent = parent.parentElement;
  }
}

/** The control that takes the focus of a hidden one. */
function heirOfHidden(control: HTMLElement): HTMLElement | undefined {
  let hidden: Element = control;
  while (hidden.parentElement !== null && !isShown(hidden.parentElement))
    hidden = hidden.parentElement;
  const { parentElement: parent, nextSibling: next, previousSibling: previous } = hidden;
  return parent === null || !control.isConnected
    ? undefined
    : heirOf(control, hidden, { parent, next, previous });
}

/**
 * Keeps the focus of a page or a shadow tree where the user works. Browsers move it to the top of
 * the page when the focused control is removed, hidden or disabled, for example with the row of
 * "Unban" or with a closed dialog. This returns it to the control that opened the dialog, or moves
 * it to the one closest to the removed control.
 */
export function keepFocus(root: Document | ShadowRoot): void {
  /** The focused control, preceded by the last focused control outside of each layer around it. */
  let trail: HTMLElement[] = [];
  /** Whether the user has left the page, or clicked where there is no control. */
  let isLeft = false;
  const watcher = new MutationObserver((records) => {
    for (const record of records)
      for (const gone of record.removedNodes)
        if (gone instanceof Element && record.target instanceof Element)
          trail = trail.map((one) => replace(one, gone, record));
    restore();
  });

  function replace(one: HTMLElement, gone: Element, record: MutationRecord): HTMLElement {
    if (one.isConnected || !gone.contains(one)) return one;
    const layer = one.closest(layers);
    const isInLayer = layer !== null && gone.contains(layer);
    // A status without any control left cannot take the focus.
    const status = record.target instanceof Element && record.target.closest("[role=status]");
    const isEmptied = status && controlsIn(status).length === 0;
    return (isInLayer || isEmptied) && one !== trail[0] ? one : heirOf(one, gone, placeOf(record));
  }

  function restore(): void {
    const last = trail.at(-1);
    if (last === undefined || isLeft) return;
    const { activeElement, body } = document;
    const isLost = activeElement === null || activeElement === body;
    const isHidden = root.activeElement === last && !isShown(last);
    if (isLost || isHidden) (trail.findLast(isUsable) ?? heirOfHidden(last))?.focus();
  }

  function watch(): void {
    watcher.disconnect();
    const attributeFilter = ["disabled", "hidden", "class", "open"];
    for (const one of trail) {
      watcher.observe(one, { attributeFilter });
      for (let node = one.parentNode; node !== null; node = node.parentNode)
        watcher.observe(node, { childList: true, attributeFilter });
    }
  }

  root.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    isLeft = false;
    const layer = target.closest(layers);
    trail = layer === null ? [target] : [...trail.filter((one) => !layer.contains(one)), target];
    watch();
  });
  root.addEventListener("focusout", (event) => {
    const { target, relatedTarget } = event as FocusEvent;
    // A removed element loses the focus while the browser is still removing it.
    queueMicrotask(() => {
      const isThere = target instanceof HTMLElement && isUsable(target);
      isLeft = relatedTarget === null && root.activeElement !== target && isThere;
    });
  });
}
