import type { ComponentChildren } from "preact";
import { CopyButton } from "../copy-button.tsx";
import { Icon } from "./icons.ts";

type Props = { title: ComponentChildren; text: string; copies?: string };

/** Code with a title and a copy button. */
export function Code({ title, text, copies }: Props) {
  return (
    <figure class="code">
      <figcaption>
        {title}
        {copies !== undefined && (
          <CopyButton key={text} text={text} label={copies} class="link">
            <Icon name="copy" />
          </CopyButton>
        )}
      </figcaption>
      <pre>
        <code>{text}</code>
      </pre>
    </figure>
  );
}
