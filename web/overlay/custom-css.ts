/**
 * Lets a streaming program's own CSS through. OBS writes its field "Custom CSS" into a style
 * element, which the page's policy on styles refuses, as it should; the text of such an element is
 * adopted as a sheet instead. What is in it can load nothing that the policy does not allow.
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
