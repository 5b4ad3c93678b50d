/// The style of pages: one column on a phone, two on a desktop, in the light or dark mode of the reader.
enum PageStyle {
  /// The style sheet.
  static var css: String {
    let light = Palette.all.map { "--\($0.name): \($0.light);" }.joined(separator: " ")
    let dark = Palette.all.map { "--\($0.name): \($0.dark);" }.joined(separator: " ")
    return """
      :root { color-scheme: light dark; --page: #ffffff; --dim: #59626b; --link: #0058a3; \(light) }
      @media (prefers-color-scheme: dark) {
        :root { --page: #14171a; --dim: #a3acb5; --link: #7cc0ff; \(dark) }
      }
      * { box-sizing: border-box; }
      body { margin: 0; background: var(--page); color: var(--ink);
        font: 16px/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
      main { max-width: 72rem; margin: 0 auto; padding: 1rem; }
      h1 { font-size: 1.6rem; line-height: 1.2; margin: 0.5rem 0; }
      h2 { font-size: 1.25rem; margin: 2rem 0 0.5rem; border-bottom: 1px solid var(--grid); }
      h3 { font-size: 1rem; margin: 0 0 0.25rem; }
      a { color: var(--link); }
      .figures { display: grid; gap: 1.5rem;
        grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr)); }
      .figures + * { margin-top: 1rem; }
      figure { margin: 0; min-width: 0; max-width: 40rem; }
      figure svg { display: block; width: 100%; height: auto; }
      figcaption { color: var(--dim); font-size: 0.9rem; }
      .files { display: block; font-size: 0.85rem; }
      .files a { margin-right: 0.75em; }
      .missing { color: var(--dim); border: 1px dashed var(--grid); padding: 1rem; }
      .table { overflow-x: auto; margin: 0.5rem 0 1rem; overflow-wrap: normal; }
      table { border-collapse: collapse; font-size: 0.9rem; font-variant-numeric: tabular-nums; }
      th, td { padding: 0.25rem 0.75rem 0.25rem 0; text-align: right; vertical-align: top;
        border-bottom: 1px solid var(--grid); white-space: nowrap; }
      th { font-weight: 600; }
      tr > :first-child { text-align: left; }
      .facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; }
      summary { cursor: pointer; }
      """
  }
}
