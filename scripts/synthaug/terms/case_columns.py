"""The columns of the case table and of cases.csv."""

REQUIRED = ("lesion", "patient", "class", "image")
KINDS = ("mask", "polygon", "box")  # of annotation; a lesion has exactly one
CORNERS = ("x0", "y0", "x1", "y1")  # of a box, where the table has a column for each instead of one for all
OPTIONAL = (*KINDS, "label", "volume", "slice", "set")
# Columns of cases.csv that the user's table must not have.
COMPUTED = (
    "rows", "columns", "spacing_x_mm", "spacing_y_mm", "spacing_z_mm", "center_x_px", "center_y_px", "diameter_px",
    "diameter_mm", "digest",
)  # fmt: skip
# Of cases.csv. Without the image's path: names of folders and files often carry those of patients.
COLUMNS = ("lesion", "patient", "class", "set", "slice", *COMPUTED)
MOST_GROUPS = 8  # values of a free column; one with more describes single lesions or patients, not groups of them
