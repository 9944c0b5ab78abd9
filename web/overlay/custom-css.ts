/**
 * Applies the custom CSS of streaming programs. OBS writes its "Custom CSS" into a style element,
 * which the page's style policy blocks as intended; the element's text is adopted as a constructed
 * sheet instead. It can load nothing that the policy forbids.
 */
export function adoptCustomCss(): void {
  const take = (nodes: Iterable<Node>): void => {
    for (const node of nodes) {
      if (!(node instanceof HTMLStyleElement)) continue;
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(node.textContent ?? "");
      document.adoptedStyleSheets.push(sheet);
    }
  };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes) take(addedNodes);
  }).observe(document.head, { childList: true });
}
