import { CopyButton } from "../copy-button.tsx";
import { Icon } from "./icons.ts";

/** Code under its title, with a button that copies it. */
export function Code({ title, text, copies }: { title: string; text: string; copies?: string }) {
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
