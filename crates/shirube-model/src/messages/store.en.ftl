# The register store: ledger, current records, search index.

store-absent = there is no store here
    .remedy = Check the directory or the database, or make a store first.
store-locked = another running instance writes to this store
    .remedy = Stop the other instance, or open the store for reading only. The lock goes by itself when the other process ends.
store-read-only = this store is open for reading only
    .remedy = Open it for writing, when no other instance does.
store-class-differs = this is a { $found } store, not a { $wanted } store
    .remedy = Name the other directory, or open it as what it is. Made-up and real evidence are never mixed.
store-pack-differs = this store belongs to pack `{ $found }`, not to `{ $wanted }`
    .remedy = Open it with pack `{ $found }`, or make a store of its own for `{ $wanted }`.
store-format-newer = this store has format { $format }; this version of the software reads up to { $known }
    .remedy = Use the newer version of the software that wrote the store.
store-clock-simulated = a store of real evidence needs the machine's clock
    .remedy = Use a demo store for made-up times.
store-time-given = a time of recording was given for real evidence
    .remedy = Leave the time out; the ledger records the moment of entry. Dates of the matter itself belong in the record's fields.

store-disk-full = the disk is full, or the store has reached its size limit; nothing was recorded
    .remedy = Free space or raise the limit, then send the same request again. Everything acknowledged before is safe.
store-no-permission = the store's files may not be read or written
    .remedy = Give the account that runs the software read and write permission on the directory and its files, or on the database and its schema.
store-busy = the store is busy
    .remedy = Try again in a moment. Another program may have the ledger file open.
store-io = the disk or file system failed
    .remedy = Check the disk and the system log, then try again. Run the check of the ledger before going on.
store-damaged = the ledger file is damaged
    .remedy = Stop writing, keep the damaged file, and restore the last backup.
store-row-damaged = the ledger entry at position { $seq } cannot be read
    .remedy = Run the check of the ledger; keep the file, and restore the last backup.
store-closed = the store has been closed
    .remedy = Open it again, then check whether the last request was recorded before sending it again.
store-outcome-unknown = the connection to the database was lost while the request was being recorded, and could not be made again; it is not known whether it was recorded
    .remedy = When the database can be reached again, look whether the entry is there before sending it again. Sending it again unchanged does no harm where it names a version or a source key.
store-server-unreachable = the database server cannot be reached, or it broke the connection; nothing was recorded
    .remedy = Check that the server runs and that the network leads to it, then send the same request again. Everything acknowledged before is safe.
store-sign-in-refused = the database server does not let this account in
    .remedy = Check user and password in the address of the store, and the server's rules of access.
store-database-absent = there is no such database on the server
    .remedy = Check the name in the address of the store, or have the database made: `createdb --encoding=UTF8 NAME`.
store-encoding-not-utf8 = the database keeps its text in { $found }
    .remedy = Use a database with the encoding UTF8: `createdb --encoding=UTF8 --template=template0 NAME`.
store-address-unreadable = this is not the address of a store
    .remedy = Give a directory, or `postgres://USER@HOST:PORT/DATABASE`. Special characters in a password are written as `%` and two hexadecimal digits.
store-text-unstorable = the text has a null character, which cannot be stored
    .remedy = Remove the character; it usually comes from a file that is not plain text.
store-exists = there already is a store here
    .remedy = Name a new directory or an empty database. An existing store is never overwritten.
store-file-exists = this file already exists
    .remedy = Name another file. A backup never overwrites one.
store-file-absent = there is no such file
    .remedy = Check the name of the file.
store-archive-unreadable = this file is not a backup of a store
    .remedy = Name a file that `shirube admin backup` made.
store-archive-newer = this backup has form { $version }; this version of the software reads up to { $known }
    .remedy = Use the newer version of the software that made the backup.
store-archive-damaged = the backup is damaged at line { $line }; nothing was restored
    .remedy = Fetch the file again from where it is kept, or use another backup.
store-archive-cut-off = the backup ends too early; nothing was restored
    .remedy = Fetch the whole file again from where it is kept, or use another backup.
store-search-damaged = the search index failed
    .remedy = Delete the directory `search` of the store and open the store again; the index is made anew from the ledger.
store-search-absent = this store has no search index yet
    .remedy = Open the store once for writing; that makes the index.
store-search-too-far = results after the first { $most } cannot be shown
    .remedy = Add a word or choose a register to narrow the search.

store-stale-edit = record `{ $record }` was changed meanwhile: you started from version { $base }, the present one is { $current }
    .remedy = Compare your entries with the present version, and send them again from version { $current }.
store-version-unknown = record `{ $record }` has no version { $version }; the present one is { $current }
    .remedy = Read the record again and start from version { $current }.
store-record-unknown = there is no record `{ $record }`
    .remedy = Check the id, or enter the record first.
store-kind-unknown = there is no register `{ $kind }`
    .remedy = Use a register that this version of the software has.
store-actor-blank = who makes the entry is missing
    .remedy = Say who makes the entry.
store-reason-blank = the reason for the entry is missing
    .remedy = Say in a few words why the entry is made.
store-source-blank = the source system or the key there is empty
    .remedy = Give both, or neither.
store-source-reserved = the source system `{ $system }` is reserved for the ledger
    .remedy = Choose a name that does not begin with `shirube:`.
store-source-known = the source key is already that of record `{ $record }`, with other contents
    .remedy = Correct record `{ $record }`, or allow corrections in this import.
store-id-collision = record `{ $record }` comes from another source key
    .remedy = Change the source key a little; two different keys have met in one id.
store-duplicate-of-itself = record `{ $original }` cannot be a duplicate of itself
    .remedy = Name the other record.
store-duplicate-of-other-kind = record `{ $original }` is in another register
    .remedy = Name a record of the same register.
store-duplicate-of-inactive = record `{ $original }` is itself withdrawn or a duplicate
    .remedy = Name the record that is in force.
store-standing-not-from-here = the step { $action ->
        [withdraw] “withdraw”
        [restore] “restore”
       *[mark_duplicate] “mark as duplicate”
    } is not possible for { $standing ->
        [active] a record in force
        [withdrawn] a withdrawn record
       *[duplicate] a record marked as duplicate
    }
    .remedy = Read the record again; somebody may have taken the step already.
store-state-needs-field = state `{ $state }` was reached with this field, so it cannot be emptied
    .remedy = Keep a value, or take the step back first.
store-cursor-unreadable = `{ $value }` is not a place in this list
    .remedy = Start again from the first page.
store-position-unknown = the ledger has no position { $seq }
    .remedy = Use a position up to the end of the ledger.

store-chain-broken = the ledger does not hold from event { $seq } on: { $what ->
        [missing] the event is missing
        [unreadable] the event cannot be read
        [previous_hash] it does not follow from the event before it
        [time] it was recorded before the event before it
       *[content] its contents were changed after it was recorded
    }
    .remedy = Stop writing, keep the file as evidence, and restore the last backup that holds. Entries made since have to be sent again.
store-projection-differs = the current state of record `{ $record }` is not what the ledger says
    .remedy = Rebuild the current records from the ledger.
