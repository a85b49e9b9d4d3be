import { useEffect, useId, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { PersonRequestState } from './run-model.ts';

const NAME_LENGTH_MAX = 100;
const REASON_LENGTH_MAX = 500;
const FOCUSABLE = 'input, textarea, button:not([disabled])';

export interface PersonDialogProps {
  readonly title: string;
  /** What is the matter, and what the button does. */
  readonly text: string;
  readonly confirmText: string;
  /** What has become of it, once it was sent. */
  readonly request: PersonRequestState | undefined;
  readonly onConfirm: (by: string, reason: string) => void;
  readonly onClose: () => void;
}

/**
 * Asks who says so and why. It leaves Stop uncovered: whoever writes a reason may have to stop the
 * run in the middle of it.
 */
export function PersonDialog(props: PersonDialogProps) {
  const { title, text, confirmText, request, onConfirm, onClose } = props;
  const [by, setBy] = useState('');
  const [reason, setReason] = useState('');
  const [problem, setProblem] = useState('');
  const dialog = useRef<HTMLDivElement>(null);
  const id = useId();
  const isSent = request?.state === 'sent';
  useFocusInside(dialog, onClose);
  useEffect(() => {
    if (request?.state === 'done') onClose();
  }, [request?.state]);

  const confirm = (event: Event): void => {
    event.preventDefault();
    if (isSent) return;
    const missing = [...(by.trim() ? [] : ['your name']), ...(reason.trim() ? [] : ['a reason'])];
    setProblem(missing.length > 0 ? `Please give ${missing.join(' and ')}.` : '');
    if (missing.length === 0) onConfirm(by.trim(), reason.trim());
  };
  const failed = request?.state === 'failed' || request?.state === 'unknown';
  return (
    <div class="dialog-back">
      <div
        class="dialog"
        ref={dialog}
        role="alertdialog"
        aria-modal="true"
        aria-labelledby={`${id}-title`}
        aria-describedby={`${id}-text`}
      >
        <form onSubmit={confirm} noValidate>
          <h2 id={`${id}-title`}>{title}</h2>
          <p id={`${id}-text`}>{text}</p>
          <label>
            Your name
            <input
              name="by"
              autocomplete="name"
              maxLength={NAME_LENGTH_MAX}
              value={by}
              onInput={(event) => setBy(event.currentTarget.value)}
            />
          </label>
          <label>
            Reason
            <input
              name="reason"
              autocomplete="off"
              maxLength={REASON_LENGTH_MAX}
              value={reason}
              onInput={(event) => setReason(event.currentTarget.value)}
            />
          </label>
          <p class="dialog-problem" role="alert">
            {problem || (failed ? request.message : '')}
          </p>
          <div class="dialog-buttons">
            <button type="button" class="act" onClick={onClose}>
              Cancel
            </button>
            <button type="submit" class="act main" aria-disabled={isSent}>
              {isSent ? 'Sending…' : confirmText}
            </button>
          </div>
        </form>
      </div>
    </div>
  );
}

/** Keeps the keyboard in the dialog, and gives it back to where it was. */
function useFocusInside(dialog: { current: HTMLDivElement | null }, onClose: () => void): void {
  const close = useRef(onClose);
  close.current = onClose;
  // With the dialog, not after the next paint: a key pressed in between is one of the dialog's.
  useLayoutEffect(() => {
    const before = document.activeElement;
    const within = (): HTMLElement[] => [
      ...(dialog.current?.querySelectorAll<HTMLElement>(FOCUSABLE) ?? []),
    ];
    within()[0]?.focus();
    const onKey = (event: KeyboardEvent): void => {
      // Escape and Enter belong to whoever composes a character.
      if (event.isComposing) return;
      if (event.key === 'Escape') {
        // Escape twice means Stop: the one that closes a dialog does not count.
        event.stopPropagation();
        close.current();
      } else if (event.key === 'Tab') {
        const all = within();
        const at = all.indexOf(document.activeElement as HTMLElement);
        const next = event.shiftKey ? at - 1 : at + 1;
        event.preventDefault();
        all[(next + all.length) % all.length]?.focus();
      }
    };
    // Before the page's own keys.
    window.addEventListener('keydown', onKey, { capture: true });
    return () => {
      window.removeEventListener('keydown', onKey, { capture: true });
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
}
