type Rgb = [number, number, number];

const SURFACES = { light: [240, 240, 243] as Rgb, dark: [34, 34, 40] as Rgb };
const CONTRAST_MIN = 4.5;
const STEPS = 20;

/** Move a colour (`#rrggbb`) towards black or white until text in it can be read; null if it is no colour. */
export function readableAccent(hex: string, isDark: boolean): { colour: string; text: string } | null {
  const parsed = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex);
  if (!parsed) return null;
  const brand = parsed.slice(1).map((part) => parseInt(part, 16)) as Rgb;
  const ground = isDark ? SURFACES.dark : SURFACES.light;
  const end = isDark ? 255 : 0;
  for (let step = 0; step <= STEPS; step += 1) {
    const colour = brand.map((part) => Math.round(part + ((end - part) * step) / STEPS)) as Rgb;
    if (contrast(colour, ground) >= CONTRAST_MIN) {
      const text = contrast(colour, [255, 255, 255]) >= CONTRAST_MIN ? '#ffffff' : '#101014';
      return { colour: `#${colour.map((part) => part.toString(16).padStart(2, '0')).join('')}`, text };
    }
  }
  return null;
}

/** The contrast of two colours, 1 to 21 (WCAG 2.2, relative luminance). */
export function contrast(one: Rgb, other: Rgb): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((part) => {
    const share = part / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as Rgb;
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
