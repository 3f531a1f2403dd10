# Exit control: tables, rules, attacker, protection.

gate-table-no-dimension = the table has no dimension
    .remedy = Give at least one dimension with its codes.
gate-table-dimension-empty = dimension `{ $dimension }` has no codes
    .remedy = Give it at least one code.
gate-table-code-repeated = code `{ $code }` stands twice in dimension `{ $dimension }`
    .remedy = Make the codes unique within the dimension.
gate-table-code-unknown = dimension `{ $dimension }` has no code `{ $code }`
    .remedy = Use a code of the dimension's definition.
gate-table-rollup-cycle = the roll-ups of dimension `{ $dimension }` run in a circle at `{ $code }`
    .remedy = Define a total as the sum of codes that do not contain it.
gate-table-too-many-cells = table `{ $table }` has more than { $max } cells
    .remedy = Cross fewer dimensions, or split the table.
gate-table-address = table `{ $table }` has no cell at this address
    .remedy = Give one known code for every dimension.
gate-table-relation = extra relation { $number } names a cell that does not exist
    .remedy = Check the numbers of table and cell.
gate-table-value-range = a value is outside the range that can be handled
    .remedy = Use a larger unit: a value has at most 18 digits, decimals included.

gate-policy-unreadable = the policy cannot be read: { $detail }
    .remedy = Check the TOML syntax and the names of the entries.
gate-policy-unknown = there is no policy `{ $policy }`
    .remedy = Use one of these, or name a TOML file: { $known }
gate-policy-value = a value of the policy is out of range
    .remedy = Use a threshold of 0 or more, a width of 1 or more, a rounding base of 2 or more, and percentages from 1 to 100.

gate-protect-not-published = a cell to protect has no number
    .remedy = Give the table with all its numbers before protection.
gate-protect-impossible = no choice of cells protects the table, given the cells that must be printed
    .remedy = Force fewer cells, merge codes into coarser ones, or use a policy that may hide zeros.
gate-protect-undecided = the search ended at its limits without a pattern that is shown to be safe
    .remedy = Merge codes into coarser ones, protect the tables in smaller groups, or use a policy that may hide zeros.
gate-protect-rounding-base = a rounding base of { $base } cannot be used
    .remedy = Use a whole number of 2 or more.
gate-protect-cell-key-counts = table `{ $table }` does not hold counts, so the cell-key method cannot be used
    .remedy = Use suppression or rounding for amounts.

# Reading files.

gate-read-cannot-open = the file cannot be opened
    .remedy = Check the path and the right to read it.
gate-read-empty = the file is empty
    .remedy = Give a workbook (.xlsx) or a CSV file with a table.
gate-read-file-too-large = the file has { $size } bytes, more than the { $max } that are read
    .remedy = Split the workbook, or raise the limit.
gate-read-damaged = the file is damaged or not a workbook
    .remedy = Open it in a spreadsheet program, save it as .xlsx, and try again.
gate-read-password = the workbook is protected by a password
    .remedy = Remove the password in a spreadsheet program, and give the unprotected copy.
gate-read-old-binary = the file is in the old binary format (.xls) or another compound file
    .remedy = Save it as .xlsx.
gate-read-no-workbook = the archive holds no workbook
    .remedy = Give the .xlsx file itself, not an archive around it.
gate-read-unpacked-too-large = the archive is not unpacked: { $what ->
        [parts] it has { $found } parts, more than { $max }
        [ratio] a part grows { $found } times, more than { $max } times
       *[bytes] it unpacks to { $found } bytes, more than { $max }
    }
    .remedy = Workbooks do not look like this; get the file from its publisher again.
gate-read-too-many-cells = the file has more { $what } than the { $max } that are read
    .remedy = Delete what is empty or not needed, or split the file.
gate-read-encoding = the text is neither UTF-8 nor CP932 (Shift_JIS)
    .remedy = Save it as CSV in UTF-8.
gate-read-not-a-table = the file is neither a workbook nor a table in text
    .remedy = Give a workbook (.xlsx) or a CSV file.
gate-read-not-understood = sheet `{ $sheet }` fits no layout: { $why ->
        [heads] no head of a total or of a key column was found
        [rows] there are no rows below the heads
        [columns] there is no column with parts of the total
        [heads-repeat] two columns have the same heads
        [measure] the head does not say what is measured
        [title-code] the title names no code
        [keys-repeat] two rows have the same key
       *[other] no layout was given
    } (nearest layout: `{ $layout }`)
    .remedy = Describe the layout in a TOML file and give it with the call.
gate-read-layout = the layout file cannot be read
    .remedy = Check the TOML syntax; a layout has keys, and a total or subtotals.
gate-read-note-negative = sheet `{ $sheet }` has { $count } numbers below zero
    .remedy = They are used as printed; check them.
gate-read-note-inexact = sheet `{ $sheet }` has { $count } numbers with more digits than the measure has
    .remedy = They are left out; counts are whole numbers.
gate-read-note-date = sheet `{ $sheet }` has { $count } cells formatted as dates among the numbers
    .remedy = They are left out; what was typed is lost in the file. Correct the table.
gate-read-note-unreadable = sheet `{ $sheet }` has { $count } cells that are neither number nor mask mark
    .remedy = They are left out; correct them, or add the mark to the layout.
gate-read-note-formulas = sheet `{ $sheet }` has { $count } formulas
    .remedy = Their last computed values are used; publish values, since a formula can name hidden cells.
gate-read-note-hidden-sheet = sheet `{ $sheet }` is hidden, and is read all the same
    .remedy = Delete hidden sheets before publication: anybody can show them.

# The audit and its report.

gate-audit-no-files = there is no workbook or CSV file to audit
    .remedy = Name files, or a folder with .xlsx or .csv files.
gate-audit-progress-reading = reading
gate-audit-progress-attacking = attacking
gate-audit-title = Audit of published tables: can masked numbers be computed?
gate-audit-scope = { $files } files, { $tables } tables, { $cells } cells, { $masked } of them masked. Judged by the policy { $policy }.
gate-audit-verdict-leaks = { $cells } masked numbers below the threshold can be computed exactly from what is printed, in { $rows } rows.
gate-audit-verdict-weak = No masked number below the threshold can be computed exactly, but some are bounded too closely or known not to be small.
gate-audit-verdict-none = No masked number can be computed, and none is bounded too closely.
gate-audit-count-small = below the threshold, computed exactly
gate-audit-count-rows-small = rows with such a number
gate-audit-count-companion = at or above the threshold, computed exactly
gate-audit-count-zero = zeros, computed exactly
gate-audit-count-weak = bounded too closely
gate-audit-count-undecided = not settled
gate-audit-count-safe = protected
gate-audit-count-mask-also = to mask in addition
gate-audit-count-other = otherwise computed
gate-audit-count-cells = cells
gate-audit-count-masked = masked
gate-audit-terms = “Computed exactly” means that only one number fits everything printed. A number below the threshold is what the rule is there to hide. A number at or above it was masked to protect another; once it is known, that protection is gone. A zero may be printed under the rule, but knowing it narrows what its neighbours can be.
gate-audit-width = A masked number is bounded too closely when its possible values lie less than { $width } apart. The width grows with the threshold where a table has a larger one than the policy.
gate-audit-hidden = This report names positions and widths, and no recovered number.
gate-audit-revealed = This report shows recovered numbers. It is for those who correct the tables; do not pass it on.
gate-audit-kinds = By which way
gate-audit-kind = Way
gate-audit-meaning = What happens
gate-audit-kind-lone = Lone masked cell
gate-audit-kind-lone-meaning = Only one cell of a sum is masked: total less the printed parts.
gate-audit-kind-nothing-left = Nothing left
gate-audit-kind-nothing-left-meaning = The printed parts already make up the total: every masked part is zero.
gate-audit-kind-by-rule = By the printed rule
gate-audit-kind-by-rule-meaning = What is left of the total fits only one or few numbers that the printed rule would have masked, such as nine and nine.
gate-audit-kind-forced = Forced together
gate-audit-kind-forced-meaning = What is left of the total leaves the masked cells hardly any choice.
gate-audit-kind-linked = Another table
gate-audit-kind-linked-meaning = Another table prints the same numbers broken down differently, such as a masked prefecture whose medical areas are all printed.
gate-audit-kind-ordered = Order between measures
gate-audit-kind-ordered-meaning = The number cannot be greater than another one, as patients cannot outnumber claims.
gate-audit-kind-combined = Several sums together
gate-audit-kind-combined-meaning = No single sum gives the number away, but a combination of sums does.
gate-audit-worst = Worst cells
gate-audit-worst-note = The first { $shown } of { $all } cells: numbers below the threshold first. The JSON report holds all of them.
gate-audit-cell = Cell
gate-audit-verdict = Finding
gate-audit-possible = Possible values
gate-audit-why = Why
gate-audit-recoverable = computed exactly
gate-audit-width-is = { $width } apart
gate-audit-masked-mark = masked
gate-audit-why-sum = { $total } ({ $printed }) = sum of { $parts }: { $count } printed, together { $sum }; masked: { $masked }
gate-audit-why-at-least = { $total } ({ $printed }) ≤ sum of { $parts }: { $count } printed, together { $sum }; masked: { $masked }
gate-audit-why-at-most = { $total } ({ $printed }) ≤ { $parts }; printed: { $count }, { $sum }; masked: { $masked }
gate-audit-why-more = … and { $count } more sums
gate-audit-mask-also = What to mask in addition
gate-audit-mask-also-note = With these printed cells masked as well, the attack finds no number below the threshold. The choice is the smallest printed part of the sum that gives the number away, one after the other; it repairs exact recovery, not every close bound.
gate-audit-mask-also-list = List of { $count } cells
gate-audit-not-repaired = For { $count } groups of rows this was not enough; they need a larger choice of cells.
gate-audit-printed = Printed
gate-audit-files = By workbook
gate-audit-file = File
gate-audit-subject = Subject
gate-audit-files-clean = { $count } other files have no finding.
gate-audit-sums = Sums that the attack rests on
gate-audit-sums-note = Each relation was tried on all rows without masks. One that fails in more than one of a thousand is not used.
gate-audit-measure = Measure
gate-audit-characteristic = Broken down by
gate-audit-relation = Relation
gate-audit-relation-exact = parts = total
gate-audit-relation-at-least = parts ≥ total
gate-audit-relation-none = none
gate-audit-used = Used
gate-audit-holds = Holds
gate-audit-fails = Fails
gate-audit-with-masks = With masks
gate-audit-yes = yes
gate-audit-no = no
gate-audit-contradictions = { $count } sums contradict what else is printed; they were set aside:
gate-audit-refused = Not read, or not understood
gate-audit-notices = Read with a doubt
gate-audit-foot = Report format { $version }. The same files give the same report.
gate-audit-protect-table = the file holds no table of counts with all its numbers
    .remedy = Give a table before masking, in a layout that is known.
gate-audit-protected = { $primary } cells masked by the rule, { $secondary } to protect them; the attacker was shown not to get at any of the { $checked } masked cells.

cli-help-gate = Checks what tables give away, and protects them before publication.
cli-help-gate-audit = Audits published tables: can masked numbers be computed from what is printed?
cli-help-gate-protect = Writes a table with masks that the attacker cannot undo.
cli-arg-paths = Workbooks (.xlsx), CSV files, or folders of them
cli-arg-table = Workbook or CSV file with a table and all its numbers
cli-arg-policy = Policy: an id such as ndb-open-data, or a TOML file
cli-arg-layout = TOML file that describes how the tables are laid out
cli-arg-report = HTML report to write
cli-arg-reveal = Show the recovered numbers, too
cli-arg-threads = Threads; the result is the same whatever their number
