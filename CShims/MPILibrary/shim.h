// The headers are included by the C faces; this module exists for pkg-config's flags.
