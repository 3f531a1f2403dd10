# 元帳の保管庫：元帳、現在の記録、検索索引

store-absent = ここには保管庫がありません
    .remedy = ディレクトリまたはデータベースの指定を確かめるか、先に保管庫を作成してください。
store-locked = 動作中の別のプログラムがこの保管庫に書き込んでいます
    .remedy = 別のプログラムを止めるか、読み取り専用で開いてください。そのプロセスが終われば、ロックは自動的に外れます。
store-read-only = この保管庫は読み取り専用で開かれています
    .remedy = ほかに書き込むプログラムがないときに、書き込み用に開いてください。
store-class-differs = これは{ $found ->
        [demo] デモ用
       *[live] 実記録用
    }の保管庫であり、{ $wanted ->
        [demo] デモ用
       *[live] 実記録用
    }の保管庫ではありません
    .remedy = 別のディレクトリを指定するか、実際の種類に合わせて開いてください。架空の記録と実際の記録を混ぜることはできません。
store-pack-differs = この保管庫はパック「{ $found }」のものであり、「{ $wanted }」のものではありません
    .remedy = パック「{ $found }」で開くか、「{ $wanted }」用の保管庫を別に作成してください。
store-format-newer = この保管庫の形式は{ $format }ですが、このソフトウェアが読めるのは{ $known }までです
    .remedy = この保管庫を書いた新しい版のソフトウェアを使ってください。
store-clock-simulated = 実際の記録の保管庫には、計算機の時計が必要です
    .remedy = 架空の時刻は、デモ用の保管庫で使ってください。
store-time-given = 実際の記録に登録時刻が指定されました
    .remedy = 時刻の指定を外してください。元帳には登録した時点が記録されます。事柄そのものの日付は、記録の項目に書いてください。

store-disk-full = ディスクの空きがないか、保管庫の大きさの上限に達したため、何も記録されませんでした
    .remedy = 空きを作るか上限を上げてから、同じ依頼をもう一度送ってください。受付済みの記録はすべて無事です。
store-no-permission = 保管庫のファイルを読み書きする権限がありません
    .remedy = ソフトウェアを動かす利用者に、ディレクトリとその中のファイル、またはデータベースとそのスキーマの読み書きの権限を与えてください。
store-busy = 保管庫が使用中です
    .remedy = 少し待ってからもう一度試してください。別のプログラムが元帳ファイルを開いている可能性があります。
store-io = ディスクまたはファイルシステムに障害が起きました
    .remedy = ディスクとシステムの記録を確かめてから、もう一度試してください。続ける前に元帳の検査を行ってください。
store-damaged = 元帳ファイルが壊れています
    .remedy = 書き込みを止め、壊れたファイルを保存したうえで、最新のバックアップから復元してください。
store-row-damaged = 元帳の{ $seq }番の記載を読めません
    .remedy = 元帳の検査を行ってください。ファイルは保存し、最新のバックアップから復元してください。
store-closed = 保管庫は閉じられています
    .remedy = 開き直し、直前の依頼が記録されたかどうかを確かめてから、必要であれば送り直してください。
store-outcome-unknown = 記録の途中でデータベースとの接続が切れ、つなぎ直すこともできませんでした。記録されたかどうかは分かりません
    .remedy = データベースにつながるようになったら、送り直す前に、その記載があるかどうかを確かめてください。版または出所の番号を指定した依頼は、同じ内容で送り直しても差し支えありません。
store-server-unreachable = データベースサーバーにつながらないか、接続が切られました。何も記録されていません
    .remedy = サーバーが動いていること、ネットワークがつながっていることを確かめてから、同じ依頼をもう一度送ってください。受付済みの記録はすべて無事です。
store-sign-in-refused = データベースサーバーがこの利用者の接続を認めませんでした
    .remedy = 保管庫のアドレスにある利用者名とパスワード、およびサーバーの接続規則を確かめてください。
store-database-absent = そのデータベースはサーバーにありません
    .remedy = 保管庫のアドレスにある名前を確かめるか、データベースを作成してください(`createdb --encoding=UTF8 名前`)。
store-encoding-not-utf8 = このデータベースの文字コードは{ $found }です
    .remedy = 文字コードがUTF8のデータベースを使ってください(`createdb --encoding=UTF8 --template=template0 名前`)。
store-address-unreadable = 保管庫のアドレスとして読めません
    .remedy = ディレクトリ、または`postgres://利用者@ホスト:ポート/データベース`の形で指定してください。パスワードの特殊な文字は、`%`と2桁の16進数で書いてください。
store-text-unstorable = 保存できないヌル文字が文章に含まれています
    .remedy = その文字を取り除いてください。多くは、文章ではないファイルから写したときに混じったものです。
store-exists = ここには既に保管庫があります
    .remedy = 新しいディレクトリか空のデータベースを指定してください。既にある保管庫を上書きすることはありません。
store-file-exists = このファイルは既にあります
    .remedy = 別の名前を指定してください。バックアップが既にあるファイルを上書きすることはありません。
store-file-absent = そのファイルはありません
    .remedy = ファイルの名前を確かめてください。
store-archive-unreadable = このファイルは保管庫のバックアップではありません
    .remedy = `shirube admin backup`で作成したファイルを指定してください。
store-archive-newer = このバックアップの形式は{ $version }ですが、このソフトウェアが読めるのは{ $known }までです
    .remedy = バックアップを作成した新しい版のソフトウェアを使ってください。
store-archive-damaged = バックアップの{ $line }行目が壊れています。何も復元されていません
    .remedy = 保管場所からファイルを取り直すか、別のバックアップを使ってください。
store-archive-cut-off = バックアップが途中で切れています。何も復元されていません
    .remedy = 保管場所からファイル全体を取り直すか、別のバックアップを使ってください。
store-search-damaged = 検索索引に障害が起きました
    .remedy = 保管庫の「search」ディレクトリを削除して開き直してください。索引は元帳から作り直されます。
store-search-absent = この保管庫にはまだ検索索引がありません
    .remedy = 一度書き込み用に開いてください。索引が作られます。
store-search-too-far = { $most }件より後の結果は表示できません
    .remedy = 語を加えるか台帳の種類を選んで、範囲を絞ってください。

store-stale-edit = 記録「{ $record }」は、その間に変更されました。編集の元は第{ $base }版、現在は第{ $current }版です
    .remedy = 入力した内容を現在の版と見比べ、第{ $current }版を元にして送り直してください。
store-version-unknown = 記録「{ $record }」に第{ $version }版はありません。現在は第{ $current }版です
    .remedy = 記録を読み直し、第{ $current }版から始めてください。
store-record-unknown = 記録「{ $record }」はありません
    .remedy = 記録IDを確かめるか、先にその記録を登録してください。
store-kind-unknown = 「{ $kind }」という台帳はありません
    .remedy = この版のソフトウェアにある台帳を指定してください。
store-actor-blank = 登録者が書かれていません
    .remedy = 誰が登録するのかを書いてください。
store-reason-blank = 登録の理由が書かれていません
    .remedy = 登録の理由を簡潔に書いてください。
store-source-blank = 出所のシステム名またはそこでの番号が空です
    .remedy = 両方を書くか、両方とも書かないでください。
store-source-reserved = 出所のシステム名「{ $system }」は元帳自身のために予約されています
    .remedy = 「shirube:」で始まらない名前にしてください。
store-source-known = この出所の番号は、既に記録「{ $record }」のものであり、内容が異なります
    .remedy = 記録「{ $record }」を訂正するか、この取込みで訂正を認めてください。
store-id-collision = 記録「{ $record }」は別の出所の番号から作られています
    .remedy = 出所の番号を少し変えてください。異なる二つの番号が同じ記録IDになりました。
store-duplicate-of-itself = 記録「{ $original }」をそれ自身の重複とすることはできません
    .remedy = もう一方の記録を指定してください。
store-duplicate-of-other-kind = 記録「{ $original }」は別の台帳のものです
    .remedy = 同じ台帳の記録を指定してください。
store-duplicate-of-inactive = 記録「{ $original }」は、それ自体が取下げ済みまたは重複です
    .remedy = 有効な記録を指定してください。
store-standing-not-from-here = { $standing ->
        [active] 有効な記録
        [withdrawn] 取下げ済みの記録
       *[duplicate] 重複とされた記録
    }に対して、{ $action ->
        [withdraw] 「取下げ」
        [restore] 「復活」
       *[mark_duplicate] 「重複の指定」
    }はできません
    .remedy = 記録を読み直してください。既に誰かが行った可能性があります。
store-state-needs-field = 状態「{ $state }」はこの項目を前提としているため、空にできません
    .remedy = 値を残すか、先に状態を戻してください。
store-cursor-unreadable = 「{ $value }」はこの一覧の位置を表していません
    .remedy = 最初のページからやり直してください。
store-position-unknown = 元帳に{ $seq }番の位置はありません
    .remedy = 元帳の末尾までの位置を指定してください。

store-chain-broken = 元帳は{ $seq }番の記載から先が成り立ちません：{ $what ->
        [missing] 記載が欠けています
        [unreadable] 記載を読めません
        [previous_hash] 直前の記載とつながっていません
        [time] 直前の記載より前の時刻が記録されています
       *[content] 記録された後に内容が書き換えられています
    }
    .remedy = 書き込みを止め、ファイルを証拠として保存し、検査に合う最新のバックアップから復元してください。それより後の記載は送り直す必要があります。
store-projection-differs = 記録「{ $record }」の現在の状態が、元帳の記載と異なります
    .remedy = 現在の記録を元帳から作り直してください。
