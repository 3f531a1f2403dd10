core-date-unreadable = `{ $value }` is not a date
    .remedy = Write the date as 2025-04-01, 2025/4/1, 令和7年4月1日 or R7.4.1.
core-date-outside-era = `{ $value }` does not exist in that era
    .remedy = Check the year of the era against the Western year.
core-corporate-number-shape = `{ $value }` is not 13 digits
    .remedy = Write the corporate number (法人番号) as 13 digits.
core-corporate-number-check = the check digit of corporate number `{ $value }` does not fit
    .remedy = Compare the number with the National Tax Agency's publication site.
core-identifier-shape = `{ $value }` is not written as a { $scheme } identifier
    .remedy = Write it like { $example }.
core-decimal-unreadable = `{ $value }` is not a number
    .remedy = Write digits with an optional decimal point and no unit.
core-record-id-shape = `{ $value }` is not a record id
    .remedy = A record id is three capital letters, a hyphen and 12 letters or digits.
filter-syntax = the filter expression cannot be read: { $detail }
    .remedy = Write a condition such as contract_type = 'licence' AND effective_on >= DATE '2025-04-01'.
filter-too-long = the filter expression is longer than { $max } bytes
    .remedy = Split the indicator, or move part of the condition into a link.
filter-too-deep = the filter expression is nested deeper than { $max } levels
    .remedy = Use IN (…) instead of long chains, or write it with fewer brackets.
filter-unknown-field = register `{ $kind }` has no field `{ $name }`
    .remedy = Fields are: { $known }, state.
filter-unreadable-field = filters cannot read the field `{ $name }`
    .remedy = Use a field that holds text, a code, a date, a number or true/false.
filter-not-a-field = `{ $text }` is not a field name
    .remedy = Write a field name here, without quotes or arithmetic.
filter-not-a-list = `{ $name }` holds one value, not a list
    .remedy = Compare it with = or IN.
filter-not-a-condition = `{ $text }` is neither true nor false by itself
    .remedy = Compare it with something, for example { $text } = 'value'.
filter-types = a { $left } cannot be compared with a { $right } in this way
    .remedy = Compare values of one type; write days as DATE '2025-04-01' and texts in single quotes.
filter-unsupported = `{ $text }` is not allowed in a filter
    .remedy = Allowed are fields, constants, = <> < <= > >=, AND, OR, NOT, IN, BETWEEN, IS NULL, has(), count() and fiscal_year().

# healthy life expectancy (Sullivan's method)
core-health-expectancy-empty = the life table has no rows
    .remedy = Give survivors, person-years and prevalence for each age group.
core-health-expectancy-ages = the age groups are not in order of age
    .remedy = Give the youngest group first, and each age once.
core-health-expectancy-survivors = the survivors are not a positive number, or rise with age
    .remedy = Check the survivors (lx) of the life table.
core-health-expectancy-person-years = the person-years are negative or no number
    .remedy = Check the person-years (Lx) of the life table.
core-health-expectancy-prevalence = the prevalence is not between 0 and 1
    .remedy = Write a share, not a percentage.
core-health-expectancy-uncertainty = the sample size, the effect of the design or the variance is not valid
    .remedy = Give a positive number of persons, and a design effect or variance of at least 0.
