# 個人単位の記録

records-disk-full = ディスクの空きがありません
    .remedy = 空きを作ってから、同じ操作をやり直してください。続きから再開します。
records-file-missing = ファイルがありません
    .remedy = 場所と名前を確かめてください。
records-file-failed = ファイルを読み書きできません
    .remedy = 権限とディスクの状態を確かめ、やり直してください。
records-columns-failed = 列形式のファイルを読み書きできません
    .remedy = ファイルが壊れていないか確かめ、やり直してください。

# 取込
records-import-nothing = 取り込むファイルがありません
    .remedy = OMOPのCSVか、FHIRのJSON・NDJSONのあるフォルダーを指定してください。
records-import-keys = FHIRの取込には仮名化が要ります
    .remedy = 鍵ファイルを指定してください。
records-import-running = 同じ入力の取込がすでに動いています
    .remedy = 終わるのを待ってください。
records-import-stopped = 取込を中断しました
    .remedy = 同じ操作をやり直すと、続きから再開します。
records-input-bomb = 圧縮ファイルから元の{ $ratio }倍を超えるデータが出てきます
    .remedy = 展開したファイルを渡してください。
records-input-bundle-open = バンドルが終わりまでありません
    .remedy = ファイルが途中で切れていないか、送り元に確かめてください。
records-input-no-bundle = FHIRのバンドルではありません
    .remedy = `.json`には`entry`のあるバンドルを、1行に1件のリソースは`.ndjson`で渡してください。
records-input-column-missing = 必要な列がありません
    .remedy = OMOP CDM 5.3または5.4の列をそろえてください。
records-input-column-repeated = 同じ列が二度あります
    .remedy = 列を一つにしてください。
records-input-csv = CSVとして読めません
    .remedy = 区切りと引用符を確かめてください。
records-input-encoding = UTF-8ではない文字があります
    .remedy = UTF-8に変換してから渡してください。
records-input-long = 1件の記録が長すぎます
    .remedy = 記録を分けるか、上限を上げてください。
records-input-packed-broken = 圧縮ファイルが壊れています
    .remedy = ファイルを受け取り直してください。
records-input-packing = この圧縮形式は使えません
    .remedy = 展開するか、zstdで圧縮してください。

# JSON
records-json-deep = JSONの入れ子が深すぎます（{ $at }バイト目）
    .remedy = FHIRのリソースか確かめてください。
records-json-repeated = 一つのオブジェクトに同じ名前が二度あります（{ $at }バイト目）
    .remedy = どちらが正しいか、送り元に確かめてください。
records-json-syntax = JSONとして読めません（{ $at }バイト目）
    .remedy = 途中で切れていないか、引用符や括弧が閉じているか確かめてください。

# 仮名化の鍵
records-key-exists = 鍵ファイルがすでにあります
    .remedy = 鍵を替えるときは、新しい名前を指定してください。
records-key-open = 所有者以外も鍵ファイルを読めます
    .remedy = 権限を0600にし、漏れたおそれがあれば鍵を替えてください。
records-key-shift = 日付をずらす幅は{ $limit }日までです
    .remedy = 小さい幅を指定してください。
records-key-unreadable = 鍵ファイルとして読めません
    .remedy = 正しいファイルか確かめてください。控えから戻すこともできます。

# 対応表
records-mapping-column = ビュー「{ $view }」の列「{ $what }」は対象の表にないか、二度あるか、複数の値を持ちます
    .remedy = OMOP CDM 5.4の列名を一つずつ使ってください。
records-mapping-missing = ビュー「{ $view }」に必要な列「{ $what }」がありません
    .remedy = 列を加えてください。
records-mapping-table = ビュー「{ $view }」の名前「{ $what }」は表の名前ではありません
    .remedy = OMOP CDM 5.4の表の名前を、必要なら「__」と区別を付けて使ってください。

# FHIRPath
records-path-constant = 式「{ $path }」の定数「{ $what }」は定義されていません（{ $at }文字目）
    .remedy = ビューの`constant`に定義してください。
records-path-deep = 式「{ $path }」の入れ子か連なりが長すぎます（{ $at }文字目）
    .remedy = 式を分けてください。
records-path-function = 式「{ $path }」の関数「{ $what }」は使えないか、引数の数が違います（{ $at }文字目）
    .remedy = SQL on FHIR v2の範囲の関数を使ってください。
records-path-index = 番号には整数を書きます
    .remedy = 0から始まる整数を書いてください。
records-path-long = 式が{ $limit }文字を超えています
    .remedy = 式を分けてください。
records-path-many = 一つの値が要るところに複数の値があります
    .remedy = `first()`か`where(…)`で一つにするか、`exists(…)`を使ってください。
records-path-not-boolean = 条件が真偽の値になりません
    .remedy = 比較か`exists()`を使ってください。
records-path-not-primitive = 値ではなく要素そのものを使っています
    .remedy = その中の値まで書いてください。
records-path-not-text = 文字列の関数を、文字列でないものに使っています
    .remedy = `toString()`を使ってください。
records-path-repeat = 繰返しが終わりません
    .remedy = 子の要素へ進む式にしてください。
records-path-single = `single()`の前に複数の値があります
    .remedy = `first()`か`where(…)`を使ってください。
records-path-syntax = 式「{ $path }」を読めません（{ $at }文字目）{ $what }
    .remedy = FHIRPathの書き方を確かめてください。
records-path-text = ここには文字列をそのまま書きます
    .remedy = 引用符で囲んだ文字列を書いてください。
records-path-type = 式「{ $path }」に型の名前がありません（{ $at }文字目）
    .remedy = `Quantity`のように型の名前を書いてください。
records-path-unknown = 式「{ $path }」の「{ $what }」が分かりません（{ $at }文字目）
    .remedy = 日付と数の書き方を確かめてください。

# 行
records-row-date = 日付として読めないか、1850年から2199年の外です
    .remedy = 送り元で直してください。
records-row-key = 番号として読めません
    .remedy = 整数にするか、仮名化して取り込んでください。
records-row-number = 数として読めません
    .remedy = 送り元で直してください。
records-row-required = 必須の値がありません
    .remedy = 送り元で補ってください。
records-row-width = 列の数が見出しと違います
    .remedy = 引用符と区切りを確かめてください。

# スナップショット
records-snapshot-damaged = スナップショットのファイルが書かれたときと違います
    .remedy = 控えから戻すか、取り込み直してください。
records-snapshot-strange-file = スナップショットに属さないファイルがあります
    .remedy = ファイルを取り除いてください。

# ビュー
records-view-column-name = 列名「{ $what }」は使えません
    .remedy = 英字で始め、英数字と下線で書いてください。
records-view-column-repeated = 列「{ $what }」が二度あります
    .remedy = 列名を別にしてください。
records-view-constant = 定数「{ $what }」の値を読めません
    .remedy = `valueString`など、値を一つだけ書いてください。
records-view-deep = `{ $what }`の入れ子が深すぎます
    .remedy = ビューを分けてください。
records-view-each-twice = `{ $what }`の類が二つあります
    .remedy = `forEach`、`forEachOrNull`、`repeat`は一つだけにしてください。
records-view-many-rows = 一つのリソースから行ができすぎます
    .remedy = 繰返しの掛け合わせを減らしてください。
records-view-many-values = 一つの列に複数の値があります
    .remedy = `first()`で一つにするか、`collection`を`true`にしてください。
records-view-missing = `{ $what }`がありません
    .remedy = ビューの定義に加えてください。
records-view-not-boolean = `{ $what }`は`true`か`false`です
    .remedy = どちらかを書いてください。
records-view-not-list = `{ $what }`はリストです
    .remedy = 角括弧で囲んでください。
records-view-not-object = `{ $what }`はオブジェクトです
    .remedy = 波括弧で囲んでください。
records-view-not-primitive = 列の値が要素そのものになっています
    .remedy = その中の値まで書いてください。
records-view-not-text = `{ $what }`は文字列です
    .remedy = 引用符で囲んでください。
records-view-type = 列「{ $what }」の値が型に合いません
    .remedy = 列の`type`を確かめてください。
records-view-union = `{ $what }`の列の名前、順序又は型が一つ目と違います
    .remedy = どの枝も同じ列にしてください。
records-view-wide = 列が多すぎます（「{ $what }」から先）
    .remedy = ビューを分けてください。
