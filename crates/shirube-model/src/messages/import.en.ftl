# Bulk import and export: file, mapping, rows, values, report.

import-file-unreadable = the input file cannot be read
    .remedy = Check the path and the permissions, then start the import again.
import-file-empty = the input has no rows
    .remedy = Check that the right file was given, and that it was saved with its contents.
import-file-utf16 = the input is in UTF-16
    .remedy = Save it as “CSV UTF-8”, or as CP932 (Shift_JIS).
import-file-too-many-rows = the input has more than { $limit } rows
    .remedy = Split the file and import the parts one after another.
import-encoding-unknown = `{ $value }` is not an encoding that can be read
    .remedy = Write utf-8 or cp932.
import-kind-missing = it is not said which register the records belong to
    .remedy = Name the register, or write kind = "…" in the mapping file.
import-kind-closed = the register `{ $kind }` is about single persons and has no public form
    .remedy = Whoever keeps it by name can export it with its internal fields.
import-kind-unknown = there is no register `{ $kind }`
    .remedy = Check the name; the nearest is `{ $nearest }`.
import-source-missing = it is not said which system the source keys belong to
    .remedy = Name the source system, or write source = "…" in the mapping file.
import-header-twice = column `{ $column }` stands twice in the header
    .remedy = Rename or remove one of the two columns.
import-header-no-key = no column holds the key of the record
    .remedy = Add a column source_key, or name the column with key = "…" in the mapping file.
import-disk-full = the disk is full
    .remedy = Free space and start the same import again; what was recorded before is safe.
import-io = the disk or file system failed
    .remedy = Check the disk and the system log, then start the same import again.
import-quarantine-unwritable = the quarantine of refused rows cannot be written
    .remedy = Check permissions and free space of the directory, then start the same import again.

# mapping file
import-mapping-syntax = the mapping file is not valid TOML on this line
    .remedy = Check quotes, brackets and equals signs on the line; column names stand in double quotes.
import-mapping-too-long = the mapping file is longer than { $limit } bytes
    .remedy = Check that the right file was given.
import-mapping-unknown-key = a mapping has no key `{ $key }`
    .remedy = Check the spelling; the nearest is `{ $nearest }`.
import-mapping-wrong-type = this key takes { $expected ->
       *[text] a text that is not empty
        [texts] a text or a list of texts
        [table] a table
        [column] the name of a column, or a table that describes it
        [character] one character
        [number] a number other than zero
        [date-form] one of any, era and iso
        [fiscal-year] a fiscal year of four digits
    }
    .remedy = Write the value in that form.
import-mapping-delimiter = the separator of columns is not one of those possible
    .remedy = Write a comma, a semicolon, a tab or a vertical bar.
import-mapping-column-or-const = it is not clear where the value comes from
    .remedy = Give either column = "…" or const = "…", not both.
import-mapping-column-absent = the input has no column `{ $column }`
    .remedy = Check the header of the input; the nearest is `{ $nearest }`.
import-mapping-other-kind = the mapping is for another register than `{ $kind }`
    .remedy = Use the mapping of this register, or name the other register.
import-mapping-unknown-field = register `{ $kind }` has no field `{ $name }`
    .remedy = Check the spelling; the nearest is `{ $nearest }`.
import-mapping-unknown-code = `{ $code }` is not a code of vocabulary `{ $vocabulary }`
    .remedy = Write a code of the vocabulary on the right-hand side.
import-mapping-does-not-fit = field `{ $field }` cannot be fed in this way
    .remedy = Give .ja and .en for a text in two languages only, and years for money by fiscal year only.

# rows
import-row-encoding = the row is not in { $encoding }
    .remedy = Save the file again in one encoding, or say which encoding it has.
import-row-nul = the row contains the character U+0000
    .remedy = Export the row again from its source; the file may be damaged here.
import-row-too-long = the row is longer than { $limit } bytes
    .remedy = Look for a missing line end or a quote that is not closed.
import-row-cell-too-long = cell { $column } of the row is longer than { $limit } bytes
    .remedy = Shorten the text, and keep long documents at a web address.
import-row-too-many-columns = the row has more than { $limit } columns
    .remedy = Remove empty columns, or split the table.
import-row-columns = the row has { $found } cells where the header has { $expected } columns
    .remedy = Put cells that contain the separator or a line end in double quotes.
import-row-quote-open = a double quote is opened and not closed
    .remedy = Close the quote; within quotes, write a double quote twice.
import-row-quote-stray = text follows the closing quote of cell { $column }
    .remedy = Put the whole cell in double quotes, and write a double quote in it twice.
import-row-no-key = the row has no source key
    .remedy = Fill in the key column; without it the record cannot be found again.
import-row-key-incomplete = a part of the source key is empty
    .remedy = Fill in every key column.
import-row-key-too-long = the source key is longer than { $limit } characters
    .remedy = Use the short key of the source system.
import-row-same-key = row { $second } is about the same record as row { $first }, with other contents
    .remedy = Keep the row that is right and remove the other.
import-row-id-differs = the record id `{ $id }` is not the one of this source key
    .remedy = Remove the id, or correct the source key.
import-row-unknown-record = there is no record `{ $record }` to change
    .remedy = Check the key, or enter the record first.
import-row-state-edited = state and standing cannot be changed by editing an exported column
    .remedy = Restore the exported value, and write the step into the column action.
import-row-fields-with-action = field values were changed in the same row as the action `{ $action }`
    .remedy = Correct the record in a row of its own, or leave the fields empty.
import-row-overtaken = a later row of this input about the same record is already recorded
    .remedy = Import this row in a file of its own, if it still holds.
import-action-unknown = `{ $value }` is not an action
    .remedy = Write create, correct, withdraw, restore, duplicate or transition:name, or leave the cell empty.
import-duplicate-of-missing = it is not said which record this is a duplicate of
    .remedy = Write the record id or the source key of the other record into duplicate_of.
import-duplicate-of-not-asked = another record is named without the action duplicate
    .remedy = Write duplicate into the column action, or empty duplicate_of.
import-version-unreadable = the version is not a whole number
    .remedy = Restore the value of the export.
import-time-unreadable = `{ $value }` is not a moment in time
    .remedy = Write it like 2025-04-01T09:30:00+09:00 or 2025-04-01 09:30.
import-time-live-store = a time of recording was given for real evidence
    .remedy = Leave the column out; the ledger records the moment of entry.
import-json-unreadable = the line is not JSON from character { $column } on
    .remedy = Write one JSON object on each line.
import-json-not-an-object = the line is JSON but not an object
    .remedy = Write the record as an object, in braces, with one key for each field.
import-json-key-twice = key `{ $key }` stands twice in the object
    .remedy = Keep one of the two.
import-json-inexact-number = `{ $value }` has more digits than JSON readers keep
    .remedy = Write the number in double quotes.

# values
import-number-unreadable = `{ $value }` is not a number
    .remedy = Write digits, with separators of thousands or without, and no unit.
import-number-fraction = `{ $value }` is not a whole number
    .remedy = Write a whole number; for amounts in thousands, use times in the mapping file.
import-number-too-large = `{ $value }` is too large
    .remedy = Check the number of digits and the unit.
import-bool-unreadable = `{ $value }` is neither yes nor no
    .remedy = Write true or false, 1 or 0, はい or いいえ, ○ or ×.
import-date-form = `{ $value }` is not a date { $form ->
        [era] with an era
       *[iso] written as year-month-day
    }
    .remedy = Write the date in the form that the mapping asks for, or allow any form there.
import-reference-unreadable = `{ $value }` does not name a record
    .remedy = Write a record id, or a source key as system:key.
import-year-amount-unreadable = `{ $value }` is not an amount of a fiscal year
    .remedy = Write the fiscal year, a colon and whole yen, such as 2025:1000000; separate several by semicolons.
import-code-unknown = `{ $value }` is neither a code nor a label of vocabulary `{ $vocabulary }`
    .remedy = The nearest codes are: { $nearest }. Or translate the value with codes in the mapping file.
import-code-ambiguous = `{ $value }` is the label of several codes: { $codes }
    .remedy = Write the code instead of the label.
import-code-no-vocabulary = the pack has no vocabulary `{ $vocabulary }`
    .remedy = Add the vocabulary to the pack; without it the code cannot be checked.

# export
export-unwritable = the export cannot be written
    .remedy = Check permissions and free space, then export again.

# report
import-progress = { $rows } rows, { $quarantined } in quarantine
import-report-dry-run = dry run: nothing was written
import-report-resumed = taken up again after row { $row }
import-report-rows = rows read: { $count }
import-report-created = records created: { $count }
import-report-corrected = records corrected: { $count }
import-report-stepped = steps, withdrawals and marks: { $count }
import-report-unchanged = unchanged: { $count }
import-report-repeated = rows equal to an earlier row: { $count }
import-report-quarantined = rows in quarantine: { $count }
import-report-blank = blank rows passed over: { $count }
import-report-unmapped = columns that feed no field: { $columns }
import-report-unfed = required fields without a column: { $fields }
import-report-dangling = { $count } records named in `{ $field }` do not exist (yet)
import-report-dangling-incomplete = there are too many references to look at all of them
import-report-state-not-carried = { $count } new records start in their first state, in force; state and standing of the exported rows were not carried over
import-report-quarantine = refused rows with reasons: { $directory }

# budget review sheets
import-review-none = no budget review sheet was found
    .remedy = Give a directory of JSON sheets, or a tar archive of one (.tar, .tar.zst).
import-review-archive = the archive of sheets cannot be read
    .remedy = Check that the archive is whole, and give a tar or tar.zst file.
import-review-too-large = the input has more than { $sheets } sheets or { $gigabytes } GB
    .remedy = Import the sheets year by year.
import-review-json = the sheet cannot be read as JSON (line { $line })
    .remedy = Fetch the sheet again, and start the import once more.
import-review-missing = `{ $field }` is missing
    .remedy = Compare with the published sheet, and fill in the field.
import-review-number-year = the year in sheet number `{ $number }` is not the year of publication { $year }
    .remedy = Check number and year on the published sheet, and correct one of them.
import-review-number-twice = sheet number `{ $number }` is also used by `{ $other }`
    .remedy = Check on the published sheets which number is right.
import-review-year = `{ $field }` { $year } is not between { $first } and { $last }
    .remedy = Write the fiscal year as four digits of the calendar year.
import-review-year-twice = `{ $field }` stands twice for fiscal year { $year }
    .remedy = Keep only the amount of the published sheet.
import-review-money = `{ $value }` cannot be read as an amount in million yen
    .remedy = Write the amount of the published sheet as a number in million yen.
import-report-review-sheets = sheets: { $n }
import-report-review-created = sheets that began a programme: { $n }
import-report-review-versions = sheets that made a new version of a programme: { $n }
import-report-review-unchanged = sheets that changed nothing: { $n }
import-report-review-quarantined = sheets in quarantine: { $n }
import-report-review-payments = payments recorded: { $n }
import-report-review-numbers = corporate numbers of payees: { $valid } valid, { $missing } not given, { $invalid } not valid

# links of measures and budget programmes
import-link-grounds = the decision has no reason
    .remedy = Say why the programme carries out the measure, or why not.

# papers in the OpenAlex format
import-openalex-json = line { $line } cannot be read as a work
    .remedy = Give OpenAlex works as NDJSON, one work a line.
import-openalex-field = no field is given, or `{ $field }` has no counterpart among the fields
    .remedy = Give only works with a field, or add the counterpart.
import-openalex-date = publication date `{ $value }` is no day
    .remedy = Write the publication date as YYYY-MM-DD.
import-openalex-twice = work `{ $id }` is given twice
    .remedy = Keep one line for each work.
import-openalex-retracted = the work was retracted
    .remedy = Nothing to do: such works are not counted.
import-openalex-type = `{ $type }` is not a kind of document that is counted
    .remedy = Articles and reviews are counted; nothing to do.
import-consent-unreadable = this is not a FHIR Consent in JSON
    .remedy = Check that the file is whole; a resource may have 4 MiB and a bundle 256 MiB.
import-consent-element = the element `{ $element }` is not understood, and leaving it out could change what was said
    .remedy = Enter the choice by hand, or have the system that sends it leave the element out.
import-consent-status = the status is not `proposed`, `active` or `inactive`
    .remedy = Drafts, rejected consents and those entered in error are no choices. Leave them out of the export.
import-consent-scope = the scope is not `patient-privacy`
    .remedy = A consent to take part in one project or to a treatment is not one on the use of records. Leave it out.
import-consent-category = the category is not that of a consent on the use of records
    .remedy = Use LOINC 59284-0 or IDSCL of v3-ActCode.
import-consent-patient = the patient is no reference to a patient of this data set
    .remedy = Refer to the patient as the records do, such as `Patient/123`; in a list of notices, write what stands after the slash.
import-consent-day = a day is missing or incomplete
    .remedy = Write the whole day, such as 2025-04-01.
import-consent-performer = it is not clear who made the choice
    .remedy = Name one performer: the patient, or a contained RelatedPerson with GUARD or FAMMEMB as relationship.
import-consent-provision = the rules of the consent are not clear
    .remedy = State permit or deny once at the top and in every exception; an exception lies within its base and has no exceptions of its own.
import-consent-purpose = a purpose is not understood
    .remedy = Use HRESCH, PUBHLTH or TRAIN of v3-ActReason, or a code of the register under `urn:shirube:use-purpose`.
import-consent-actor = a recipient is not understood
    .remedy = Name the class of recipient by an identifier of `urn:shirube:recipient-class` in the role IRCP.
import-consent-withdrawal = the consent is inactive without the day of its withdrawal and who withdrew, or the other way round
    .remedy = Send both with the extension `urn:shirube:withdrawal`, or enter the withdrawal by hand.
import-consent-id = the consent has neither an id nor one identifier
    .remedy = Without it the same consent would be entered twice. Give it an id.
import-consent-code = a code is not known
    .remedy = Compare the field with its vocabulary in the pack.
import-consent-backwards = the choice is further on record than the consent says
    .remedy = A choice in effect or withdrawn does not go back. Enter a new choice under a new id.
import-consent-columns = the columns are not those of a list of notices
    .remedy = Write `id`, `text_version`, `method`, `given_on`, `recipient` and, where wanted, `waiting_until` in the first line.
import-consent-row = the row does not have as many cells as the first line
    .remedy = Compare it with the first line.
