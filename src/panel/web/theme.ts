import { useEffect, useState } from 'preact/hooks';

export interface Theme {
  readonly ink: string;
  readonly muted: string;
  readonly grid: string;
  /** Okabe and Ito's palette: safe for the common kinds of colour blindness. */
  readonly series: readonly string[];
}

/** The colours of the style sheet, for what is drawn on a canvas; follows light and dark. */
export function useTheme(): Theme {
  const [theme, setTheme] = useState(readTheme);
  useEffect(() => {
    const query = window.matchMedia('(prefers-color-scheme: dark)');
    const onChange = (): void => setTheme(readTheme());
    query.addEventListener('change', onChange);
    return () => query.removeEventListener('change', onChange);
  }, []);
  return theme;
}

function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  return {
    ink: colour('--ink'),
    muted: colour('--muted'),
    grid: colour('--grid'),
    series: [1, 2, 3, 4, 5, 6].map((number) => colour(`--series-${number}`)),
  };
}
