"""The site: `make docs`. It needs no network, and a warning fails it."""

project = "Afterclose"
html_title = "Afterclose"
extensions = ["myst_parser"]
exclude_patterns = ["ci/*"]
html_theme = "furo"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_static_path = ["_static"]
html_css_files = ["site.css"]
# Whoever reads a page from the folder, without a server, finds the others, too.
html_use_index = False
myst_heading_anchors = 3
myst_enable_extensions = ["attrs_block"]
# A shell session has its prompt, its output and no grammar.
highlight_language = "text"
nitpicky = True
