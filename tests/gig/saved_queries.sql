-- What an analyst has saved over a year with gig-benchmark. Each runs as it stands; below it what it finds.
-- (`mysql`: with functions that SQLite does not have.)

-- how many prices of each outcome
SELECT outcome, COUNT(*) AS n FROM Odds GROUP BY outcome ORDER BY outcome
-- => 1,6
-- => 2,6
-- => X,3

-- bookmakers by average TRJ, as /api/avg-trj had it
SELECT b.code, ROUND(AVG(o.trj), 2) AS avg_trj FROM Odds o JOIN Bookmakers b ON b.id = o.bookmaker_id
WHERE o.trj IS NOT NULL GROUP BY b.code ORDER BY avg_trj DESC, b.code
-- => PMU,95.03
-- => WINAMAX,94.84

-- the result market, whatever the sport
SELECT s.code, COUNT(*) AS n FROM Odds o JOIN MarketNames k ON k.id = o.market_id JOIN Sports s ON s.id = k.sport_id
WHERE k.code = '1X2' GROUP BY s.code ORDER BY s.code
-- => FOOT,9
-- => RUGB,2
-- => TENN,4

-- tennis by the id of its market
SELECT outcome, odd_value FROM Odds WHERE market_id = (SELECT id FROM MarketNames WHERE code = '1X2'
  AND sport_id = (SELECT id FROM Sports WHERE code = 'TENN')) AND odd_value = 1.74 ORDER BY outcome
-- => 1,1.74

-- best price of each outcome of a match
SELECT o.outcome, MAX(o.odd_value) AS best FROM Odds o JOIN Matches m ON m.id = o.match_id
JOIN Teams h ON h.id = m.home_team_id WHERE h.name = 'Le Havre' GROUP BY o.outcome ORDER BY o.outcome
-- => 1,7.2
-- => 2,1.42
-- => X,4.8

-- the newest prices of a bookmaker on a match
SELECT o.outcome, o.odd_value FROM Odds o JOIN Bookmakers b ON b.id = o.bookmaker_id WHERE b.code = 'WINAMAX'
AND o.scraped_at = (SELECT MAX(n.scraped_at) FROM Odds n WHERE n.match_id = o.match_id
  AND n.bookmaker_id = o.bookmaker_id) AND o.match_id IN (SELECT m.id FROM Matches m JOIN Leagues l
  ON l.id = m.league_id WHERE l.code = 'LIGUE_1') ORDER BY o.outcome
-- => 1,7.2
-- => 2,1.42
-- => X,4.75

-- the draw is an X
SELECT COUNT(*) AS n FROM Odds WHERE outcome = 'N'
-- => 0

-- a match a line: home, draw, away
SELECT h.name, a.name, b.name, MAX(CASE WHEN o.outcome = '1' THEN o.odd_value END) AS one,
  MAX(CASE WHEN o.outcome = 'X' THEN o.odd_value END) AS draw, MAX(CASE WHEN o.outcome = '2' THEN o.odd_value END) AS two
FROM Odds o JOIN Matches m ON m.id = o.match_id JOIN Teams h ON h.id = m.home_team_id
JOIN Teams a ON a.id = m.away_team_id JOIN Bookmakers b ON b.id = o.bookmaker_id JOIN Leagues l ON l.id = m.league_id
JOIN Sports s ON s.id = l.sport_id WHERE s.code <> 'FOOT' GROUP BY h.name, a.name, b.name ORDER BY h.name, b.name
-- => Gael,Novak,Pmu,1.75,NULL,2.1
-- => Gael,Novak,Winamax,1.74,NULL,2.1
-- => Toulouse,Castres,Pmu,1.3,NULL,3.6

-- prices that no TRJ stands beside
SELECT COUNT(*) AS n FROM Odds WHERE trj IS NULL
-- => 2

-- matches of a day
SELECT h.name, m.match_date, m.status FROM Matches m JOIN Teams h ON h.id = m.home_team_id
WHERE m.match_date >= '2025-10-17 00:00:00' AND m.match_date < '2025-10-18 00:00:00' ORDER BY h.name
-- => Gael,2025-10-17 18:45:00,scheduled
-- => Le Havre,2025-10-17 18:45:00,scheduled

-- matches with odds, as /api/matches had them
SELECT COUNT(DISTINCT match_id) AS n FROM Odds
-- => 3

-- leagues with their sport
SELECT l.code, l.name, s.name FROM Leagues l JOIN Sports s ON s.id = l.sport_id ORDER BY l.code
-- => ATP_PARIS,ATP Paris,Tennis
-- => LIGUE_1,Ligue 1,Football
-- => TOP_14,Top 14,Rugby

-- what was made and changed when
SELECT COUNT(*) AS n FROM (SELECT created_at, updated_at FROM Sports UNION ALL SELECT created_at, updated_at FROM Leagues
  UNION ALL SELECT created_at, updated_at FROM Teams UNION ALL SELECT created_at, updated_at FROM Bookmakers
  UNION ALL SELECT created_at, updated_at FROM Matches) t WHERE created_at IS NULL
-- => 0

-- the market is unique in its sport
SELECT sport_id, code, COUNT(*) AS n FROM MarketNames GROUP BY sport_id, code HAVING COUNT(*) > 1

-- all columns in their order
SELECT * FROM Odds WHERE id < 0

-- who may do what
SELECT username, role, is_staff FROM users ORDER BY username
-- => analyst,user,0
-- => boss,admin,1

-- as /api/last-scraping-date had it
SELECT MAX(scraped_at) AS last FROM Odds
-- => 2025-10-17 13:00:01

-- mysql: by hour
SELECT DATE_FORMAT(scraped_at, '%Y-%m-%d %H') AS hour, COUNT(*) AS n, IF(COUNT(*) > 5, 'many', 'few') AS how
FROM Odds GROUP BY hour ORDER BY hour
-- => 2025-10-17 12,10,many
-- => 2025-10-17 13,5,few

-- mysql: the age of what is there, in whole days
SELECT DATEDIFF('2025-10-20', MAX(scraped_at)) AS days FROM `Odds` LIMIT 1
-- => 3
