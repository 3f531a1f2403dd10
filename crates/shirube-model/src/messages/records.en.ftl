# Person-level records

records-disk-full = the disk is full
    .remedy = Free space and repeat the call; it resumes where it stopped.
records-file-missing = the file is missing
    .remedy = Check folder and name.
records-file-failed = the file cannot be read or written
    .remedy = Check permissions and the disk, then try again.
records-columns-failed = the columns cannot be read or written
    .remedy = Check that the file is whole, then try again.

# Import
records-import-nothing = there is nothing to import
    .remedy = Name a folder with OMOP CSV files, or with FHIR JSON or NDJSON files.
records-import-keys = FHIR files are imported with pseudonyms only
    .remedy = Name a key file.
records-import-running = an import of the same input is running
    .remedy = Wait until it has ended.
records-import-stopped = the import was stopped
    .remedy = Repeat the call to go on from there.
records-input-bomb = more than { $ratio } times its size comes out of the compressed file
    .remedy = Hand in the file unpacked.
records-input-bundle-open = the bundle does not end
    .remedy = Ask the sender whether the file was cut off.
records-input-no-bundle = this is no FHIR bundle
    .remedy = Use `.json` for a bundle with `entry`, and `.ndjson` for one resource per line.
records-input-column-missing = a required column is missing
    .remedy = Give the columns of the OMOP CDM 5.3 or 5.4.
records-input-column-repeated = a column stands twice
    .remedy = Keep one of the two.
records-input-csv = this cannot be read as CSV
    .remedy = Check separators and quotes.
records-input-encoding = the bytes are not UTF-8
    .remedy = Convert the file to UTF-8.
records-input-long = the record is too long
    .remedy = Split the record or raise the limit.
records-input-packed-broken = the compressed file is broken
    .remedy = Fetch the file again.
records-input-packing = this kind of compression is not supported
    .remedy = Unpack the file, or compress it with zstd.

# JSON
records-json-deep = the JSON is nested too deep, at byte { $at }
    .remedy = Check that this is a FHIR resource.
records-json-repeated = an object names one member twice, at byte { $at }
    .remedy = Ask the sender which of the two is meant.
records-json-syntax = this is no JSON, from byte { $at } on
    .remedy = Check that it is whole and that quotes and brackets close.

# Keys of pseudonyms
records-key-exists = the key file exists already
    .remedy = Give a new name to rotate the key.
records-key-open = others than the owner can read the key file
    .remedy = Set its mode to 0600; rotate the key if it may have leaked.
records-key-shift = dates can be shifted by { $limit } days at most
    .remedy = Give a smaller number of days.
records-key-unreadable = this is no key file
    .remedy = Check the name, or restore the file from its copy.

# Mapping
records-mapping-column = column `{ $what }` of view `{ $view }` is not in the table, stands twice or holds a list
    .remedy = Use each column name of the OMOP CDM 5.4 once.
records-mapping-missing = view `{ $view }` lacks the required column `{ $what }`
    .remedy = Add the column.
records-mapping-table = `{ $what }`, the name of view `{ $view }`, is no table
    .remedy = Use a table of the OMOP CDM 5.4, with `__` and a word behind it where needed.

# FHIRPath
records-path-constant = `{ $path }` names the constant `{ $what }`, which is not defined, at character { $at }
    .remedy = Define it under `constant` in the view.
records-path-deep = `{ $path }` is nested or chained too far, at character { $at }
    .remedy = Split the expression.
records-path-function = `{ $path }` uses the function `{ $what }`, which is not supported or takes other arguments, near character { $at }
    .remedy = Use the functions of SQL on FHIR v2.
records-path-index = a number here has to be an integer
    .remedy = Write an integer, from 0 on.
records-path-long = the expression is longer than { $limit } characters
    .remedy = Split the expression.
records-path-many = there are several values where one is needed
    .remedy = Use `first()`, `where(…)` or `exists(…)`.
records-path-not-boolean = a condition does not yield true or false
    .remedy = Compare, or use `exists()`.
records-path-not-primitive = an element is used where a value is needed
    .remedy = Name a value inside the element.
records-path-not-text = a function of texts is used on something else
    .remedy = Use `toString()`.
records-path-repeat = a repetition does not end
    .remedy = Use a path that leads to child elements.
records-path-single = there are several values before `single()`
    .remedy = Use `first()` or `where(…)`.
records-path-syntax = `{ $path }` cannot be read, at character { $at } { $what }
    .remedy = Check the syntax of FHIRPath.
records-path-text = a text has to be written out here
    .remedy = Write the text between quotes.
records-path-type = `{ $path }` lacks the name of a type at character { $at }
    .remedy = Write the name of a type, such as `Quantity`.
records-path-unknown = `{ $path }` holds `{ $what }`, which is not known, at character { $at }
    .remedy = Check how dates and numbers are written.

# Rows
records-row-date = this is no date, or outside the years 1850 to 2199
    .remedy = Have it corrected at its source.
records-row-key = this is no number of a row
    .remedy = Use integers, or import with pseudonyms.
records-row-number = this is no number
    .remedy = Have it corrected at its source.
records-row-required = a required value is missing
    .remedy = Have it added at its source.
records-row-width = the row has another number of columns than the header
    .remedy = Check quotes and separators.

# Snapshots
records-snapshot-damaged = a file of the snapshot is not as it was written
    .remedy = Restore it from a copy, or import again.
records-snapshot-strange-file = a file does not belong to the snapshot
    .remedy = Remove the file.

# Views
records-view-column-name = `{ $what }` cannot be the name of a column
    .remedy = Start with a letter; use letters, digits and underscores.
records-view-column-repeated = column `{ $what }` stands twice
    .remedy = Give the columns different names.
records-view-constant = the value of constant `{ $what }` cannot be read
    .remedy = Give exactly one value, such as `valueString`.
records-view-deep = `{ $what }` is nested too deep
    .remedy = Split the view.
records-view-each-twice = there is more than one of the kind of `{ $what }`
    .remedy = Use only one of `forEach`, `forEachOrNull` and `repeat`.
records-view-many-rows = one resource gives too many rows
    .remedy = Multiply fewer lists with each other.
records-view-many-values = a column finds several values
    .remedy = Use `first()`, or set `collection` to `true`.
records-view-missing = `{ $what }` is missing
    .remedy = Add it to the definition.
records-view-not-boolean = `{ $what }` has to be `true` or `false`
    .remedy = Write one of the two.
records-view-not-list = `{ $what }` has to be a list
    .remedy = Put it between square brackets.
records-view-not-object = `{ $what }` has to be an object
    .remedy = Put it between curly brackets.
records-view-not-primitive = a column yields an element instead of a value
    .remedy = Name a value inside the element.
records-view-not-text = `{ $what }` has to be a text
    .remedy = Put it between quotes.
records-view-type = a value of column `{ $what }` is not of its type
    .remedy = Check the `type` of the column.
records-view-union = the columns of a branch of `{ $what }` differ from the first in name, order or type
    .remedy = Give every branch the same columns.
records-view-wide = there are too many columns, from `{ $what }` on
    .remedy = Split the view.
